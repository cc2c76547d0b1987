"""Switches a machine of `machine.sh` when sushy-emulator says that the power of its system has changed.

    sushy_receiver.py PORT DIR
"""

import http.server
import json
import pathlib
import subprocess
import sys

PORT, DIR = int(sys.argv[1]), sys.argv[2]
MACHINE = str(pathlib.Path(__file__).with_name("machine.sh"))


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        system = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "boot_device" in system:
            subprocess.run([MACHINE, "boot", DIR, system["boot_device"]], check=True)
        if not system.get("pending_power"):
            subprocess.run([MACHINE, system["power_state"].lower(), DIR], check=True)
        self.send_response(200)
        self.end_headers()


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
