#!/usr/bin/env bash
# A BMC of another make on a loopback port, with a machine (a QEMU process, off at first) behind it.
#
#   bmc.sh up KIND DIR     KIND is pyghmi or ipmi_sim (IPMI) or sushy (Redfish over TLS)
#   bmc.sh down KIND DIR   ends both
#
# User and password come from BMC_USER and BMC_PASSWORD, ipmi_sim's K_g from BMC_KEY, if it is to have one. DIR gets:
# address, boot (the next boot's device), machine.pid while the machine is on, and for sushy certificate.pem (of its own
# issue).
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")/bmc" && pwd)
python=${MAAS_TEST_PYTHON:-python3}

up_pyghmi() {
  port=$(free_port)
  spawn "$dir" bmc "$python" "$here/pyghmi_bmc.py" "$port" "$dir"
  wait_for 30 "$dir" bmc listens_udp "$port"
  echo "127.0.0.1:$port" >"$dir/address"
}

up_ipmi_sim() {
  local key=''
  [ -z "${BMC_KEY:-}" ] || key="bmc_key \"$BMC_KEY\""
  port=$(free_port)
  cat >"$dir/lan.conf" <<CONF
name "sim"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 $port
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
    $key
  endlan
  chassis_control "$here/ipmi_sim_control.sh $dir 0x20"
  user 2 true "$BMC_USER" "$BMC_PASSWORD" admin 10 none md2 md5 straight
CONF
  printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' \
    'sel_enable 0x20 1000 0x0a' 'mc_enable 0x20' >"$dir/sim.emu"
  spawn "$dir" bmc ipmi_sim -n -c "$dir/lan.conf" -f "$dir/sim.emu" -s "$dir/sim"
  wait_for 30 "$dir" bmc listens_udp "$port"
  echo "127.0.0.1:$port" >"$dir/address"
}

up_sushy() {
  local receiver
  port=$(free_port)
  receiver=$(free_port)
  printf '[req]\ndistinguished_name=dn\n[dn]\n' >"$dir/openssl.cnf"
  openssl req -config "$dir/openssl.cnf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=bmc \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/certificate.pem" 2>/dev/null
  "$python" -c 'import bcrypt, os; e = os.environ
print(e["BMC_USER"] + ":" + bcrypt.hashpw(e["BMC_PASSWORD"].encode(), bcrypt.gensalt(4)).decode())' >"$dir/htpasswd"
  cat >"$dir/sushy.conf" <<CONF
import random
# The fake system takes from one to eleven seconds to change; tests have it take one.
random.randint = lambda low, high: low
SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'
SUSHY_EMULATOR_LISTEN_PORT = $port
SUSHY_EMULATOR_SSL_CERT = '$dir/certificate.pem'
SUSHY_EMULATOR_SSL_KEY = '$dir/key.pem'
SUSHY_EMULATOR_AUTH_FILE = '$dir/htpasswd'
SUSHY_EMULATOR_STATE_DIR = '$dir'
SUSHY_EMULATOR_FAKE_DRIVER = True
EXTERNAL_NOTIFICATION_URL = 'http://127.0.0.1:$receiver'
SUSHY_EMULATOR_FAKE_SYSTEMS = [{
    'uuid': '6b1fc8ae-2d3b-4b0f-9a3c-1f0f3a2c7d11', 'name': 'machine', 'power_state': 'Off',
    'external_notifier': True, 'nics': [],
}]
CONF
  spawn "$dir" receiver "$python" "$here/sushy_receiver.py" "$receiver" "$dir"
  spawn "$dir" bmc "$(dirname "$python")/sushy-emulator" --config "$dir/sushy.conf"
  wait_for 30 "$dir" bmc curl -sk "https://127.0.0.1:$port/redfish/v1"
  wait_for 30 "$dir" receiver listens_tcp "$receiver"
  echo "127.0.0.1:$port" >"$dir/address"
}

# listens_udp PORT, listens_tcp PORT: somebody on this computer does, by the kernel's own table
listens_udp() { grep -qi ":$(printf '%04X' "$1") 00000000:0000 07" /proc/net/udp; }
listens_tcp() { grep -qi ":$(printf '%04X' "$1") 00000000:0000 0A" /proc/net/tcp; }

down() {
  stop "$dir" bmc TERM
  stop "$dir" receiver TERM
  "$here/machine.sh" off "$dir"
}

usage="usage: bmc.sh up|down pyghmi|ipmi_sim|sushy DIR"
[ $# -eq 3 ] || die "$usage"
dir=$(mkdir -p "$3" && cd "$3" && pwd)
case "$1 $2" in
  "up pyghmi" | "up ipmi_sim" | "up sushy")
    : "${BMC_USER:?}" "${BMC_PASSWORD:?}"
    "up_$2"
    ;;
  down*) down ;;
  *) die "$usage" ;;
esac
