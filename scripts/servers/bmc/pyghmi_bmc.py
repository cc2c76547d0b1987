"""A BMC that speaks IPMI 2.0 (cipher suite 3), made of pyghmi, before a machine of `machine.sh`.

    pyghmi_bmc.py PORT DIR      with BMC_USER and BMC_PASSWORD in the environment
"""

import os
import pathlib
import subprocess
import sys

from pyghmi.ipmi.bmc import Bmc

PORT, DIR = int(sys.argv[1]), sys.argv[2]
MACHINE = str(pathlib.Path(__file__).with_name("machine.sh"))


def machine(*words):
    done = subprocess.run([MACHINE, words[0], DIR, *words[1:]], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


class MachineBmc(Bmc):
    """Knows no power cycle, like many that are older: who wants one switches off and on."""

    def get_power_state(self):
        return 1 if machine("state") == "on" else 0

    def power_on(self):
        machine("on")

    def power_off(self):
        machine("off")

    power_shutdown = power_off

    def power_cycle(self):
        raise NotImplementedError

    def power_reset(self):
        machine("off")
        machine("on")

    def get_boot_device(self):
        return "default"

    def set_boot_device(self, bootdevice):
        machine("boot", str(bootdevice))


MachineBmc({os.environ["BMC_USER"]: os.environ["BMC_PASSWORD"]}, port=PORT, address="127.0.0.1").listen()
