//! The table of drivers. Names, labels and choices are MAAS 3.8's, since its clients and pages use them.

use crate::schema::{Field, FieldType, FieldType as T, Schema, Scope};

pub(super) const MANUAL: Schema = driver("manual", "Manual", false, false, &[]);

pub(super) const IPMI: Schema = driver(
    "ipmi",
    "IPMI",
    true,
    false,
    &[
        required(choice("power_driver", "Power driver", "LAN_2_0", POWER_DRIVERS)),
        choice("power_boot_type", "Power boot type", "auto", BOOT_TYPES),
        required(field("power_address", "IP address", T::IpAddress)),
        field("power_user", "Power user", T::String),
        secret("power_pass", "Power password"),
        secret("k_g", "K_g BMC key"),
        choice("cipher_suite_id", "Cipher Suite ID", "", CIPHER_SUITES),
        choice("privilege_level", "Privilege Level", "OPERATOR", PRIVILEGES),
        Field {
            default: "opensesspriv",
            choices: WORKAROUNDS,
            ..field("workaround_flags", "Workaround Flags", T::MultipleChoice)
        },
        of_node(field("mac_address", "Power MAC", T::MacAddress)),
        choice("power_off_mode", "Power off mode", "hard", OFF_MODES),
    ],
);

pub(super) const REDFISH: Schema = driver(
    "redfish",
    "Redfish",
    true,
    true,
    &[
        required(field("power_address", "Redfish address", T::String)),
        required(field("power_user", "Redfish user", T::String)),
        required(secret("power_pass", "Redfish password")),
        of_node(field("node_id", "Node ID", T::String)),
        VERIFY_TLS,
        CA,
        FINGERPRINT,
    ],
);

pub(super) const WEBHOOK: Schema = driver(
    "webhook",
    "Webhook",
    true,
    false,
    &[
        required(field("power_on_uri", "URI to power on the node", T::Url)),
        required(field("power_off_uri", "URI to power off the node", T::Url)),
        required(field("power_query_uri", "URI to query the nodes power status", T::Url)),
        required(with_default(
            r"status.*\:.*running",
            field("power_on_regex", "Regex to confirm the node is on", T::String),
        )),
        required(with_default(
            r"status.*\:.*stopped",
            field("power_off_regex", "Regex to confirm the node is off", T::String),
        )),
        field("power_user", "Power user", T::String),
        secret("power_pass", "Power password"),
        secret("power_token", "Power token, will be used in place of power_user and power_pass"),
        VERIFY_TLS,
        CA,
        FINGERPRINT,
    ],
);

pub(super) const VIRSH: Schema = driver(
    "virsh",
    "Virsh (virtual systems)",
    true,
    true,
    &[
        required(field("power_address", "Address", T::VirshAddress)),
        secret("power_pass", "Password (optional)"),
        of_node(required(field("power_id", "Virsh VM ID", T::String))),
    ],
);

/// Drivers of MAAS that are only named here.
pub(super) const LXD: Schema = driver(
    "lxd",
    "LXD (virtual systems)",
    true,
    true,
    &[
        required(field("power_address", "LXD address", T::LxdAddress)),
        of_node(required(field("instance_name", "Instance name", T::String))),
        required(with_default("default", field("project", "LXD project", T::String))),
        secret("password", "LXD password (optional)"),
        field("certificate", "LXD certificate (optional)", T::String),
        secret("key", "LXD private key (optional)"),
    ],
);
pub(super) const PROXMOX: Schema = driver(
    "proxmox",
    "Proxmox",
    true,
    true,
    &[
        ADDRESS,
        required(field("power_user", "Proxmox username, including realm", T::String)),
        secret("power_pass", "Proxmox password, required if a token name and secret aren't given"),
        field("power_token_name", "Proxmox API token name", T::String),
        secret("power_token_secret", "Proxmox API token secret"),
        of_node(required(field("power_vm_name", "Node ID", T::String))),
        VERIFY_TLS,
    ],
);
pub(super) const VMWARE: Schema = driver(
    "vmware",
    "VMware",
    true,
    true,
    &[
        of_node(field("power_vm_name", "VM Name (if UUID unknown)", T::String)),
        of_node(field("power_uuid", "VM UUID (if known)", T::String)),
        ADDRESS,
        USER,
        required(PASSWORD),
        field("power_port", "VMware API port (optional)", T::String),
        field("power_protocol", "VMware API protocol (optional)", T::String),
    ],
);
pub(super) const AMT: Schema = driver(
    "amt",
    "Intel AMT",
    true,
    false,
    &[
        with_default("admin", field("power_user", "Power user", T::String)),
        PASSWORD,
        ADDRESS,
        choice("port", "Port", "auto", &[("auto", "Automatic"), ("16992", "16992"), ("16993", "16993")]),
    ],
);
pub(super) const OPENBMC: Schema = driver(
    "openbmc",
    "OpenBMC Power Driver",
    true,
    false,
    &[ADDRESS, required(field("power_user", "OpenBMC user", T::String)), required(PASSWORD)],
);
pub(super) const APC: Schema = driver(
    "apc",
    "American Power Conversion (APC) PDU",
    false,
    true,
    &[
        ADDRESS,
        OUTLET,
        ON_DELAY,
        choice("pdu_type", "PDU type", "RPDU", &[("RPDU", "rPDU"), ("MASTERSWITCH", "masterswitch")]),
    ],
);
pub(super) const EATON: Schema = driver("eaton", "Eaton PDU", true, true, &[ADDRESS, OUTLET, ON_DELAY]);
pub(super) const RARITAN: Schema = driver("raritan", "Raritan PDU", true, true, &[ADDRESS, OUTLET, ON_DELAY]);
pub(super) const DLI: Schema = driver(
    "dli",
    "Digital Loggers, Inc. PDU",
    true,
    true,
    &[of_node(required(field("outlet_id", "Outlet ID", T::String))), ADDRESS, OPTIONAL_USER, PASSWORD],
);
pub(super) const HMC: Schema = driver(
    "hmc",
    "IBM Hardware Management Console (HMC) for PowerPC",
    true,
    true,
    &[
        required(field("power_address", "IP for HMC", T::IpAddress)),
        field("power_user", "HMC username", T::String),
        secret("power_pass", "HMC password"),
        of_node(required(field("server_name", "HMC Managed System server name", T::String))),
        of_node(required(field("lpar", "HMC logical partition", T::String))),
    ],
);
pub(super) const HMCZ: Schema = driver(
    "hmcz",
    "IBM Hardware Management Console (HMC) for Z",
    true,
    true,
    &[
        required(field("power_address", "HMC Address", T::String)),
        required(field("power_user", "HMC username", T::String)),
        required(secret("power_pass", "HMC password")),
        required(VERIFY_TLS),
        of_node(required(field("power_partition_name", "HMC partition name", T::String))),
    ],
);
pub(super) const MOONSHOT: Schema = driver(
    "moonshot",
    "HP Moonshot - iLO4 (IPMI)",
    true,
    true,
    &[
        ADDRESS,
        OPTIONAL_USER,
        PASSWORD,
        of_node(required(field("power_hwaddress", "Power hardware address", T::String))),
    ],
);
pub(super) const MSCM: Schema =
    driver("mscm", "HP Moonshot - iLO Chassis Manager", true, true, &[ADDRESS, OPTIONAL_USER, PASSWORD, NODE_ID]);
pub(super) const MSFTOCS: Schema = driver(
    "msftocs",
    "Microsoft OCS - Chassis Manager",
    true,
    true,
    &[
        ADDRESS,
        field("power_port", "Power port", T::String),
        OPTIONAL_USER,
        PASSWORD,
        of_node(required(field("blade_id", "Blade ID (Typically 1-24)", T::String))),
    ],
);
pub(super) const RECS_BOX: Schema = driver(
    "recs_box",
    "Christmann RECS|Box Power Driver",
    true,
    true,
    &[NODE_ID, ADDRESS, with_default("80", field("power_port", "Power port", T::String)), OPTIONAL_USER, PASSWORD],
);
pub(super) const SM15K: Schema = driver(
    "sm15k",
    "SeaMicro 15000",
    true,
    true,
    &[
        of_node(required(field("system_id", "System ID", T::String))),
        ADDRESS,
        OPTIONAL_USER,
        PASSWORD,
        choice(
            "power_control",
            "Power control type",
            "ipmi",
            &[("ipmi", "IPMI"), ("restapi", "REST API v0.9"), ("restapi2", "REST API v2.0")],
        ),
    ],
);
pub(super) const UCSM: Schema = driver(
    "ucsm",
    "Cisco UCS Manager",
    true,
    true,
    &[
        of_node(required(field("uuid", "Server UUID", T::String))),
        required(field("power_address", "URL for XML API", T::Url)),
        field("power_user", "API user", T::String),
        secret("power_pass", "API password"),
    ],
);
pub(super) const WEDGE: Schema = driver("wedge", "Facebook's Wedge", true, false, &[ADDRESS, OPTIONAL_USER, PASSWORD]);

const ADDRESS: Field = required(field("power_address", "Power address", T::String));
const USER: Field = required(OPTIONAL_USER);
const OPTIONAL_USER: Field = field("power_user", "Power user", T::String);
const PASSWORD: Field = secret("power_pass", "Power password");
const NODE_ID: Field = of_node(required(field("node_id", "Node ID", T::String)));
const OUTLET: Field = of_node(required(field("node_outlet", "Outlet number", T::String)));
const ON_DELAY: Field = with_default("5", field("power_on_delay", "Power ON outlet delay (seconds)", T::String));
/// MAAS checks no certificate unless asked to; here it is checked unless asked not to.
const VERIFY_TLS: Field =
    choice("power_verify_ssl", "Verify SSL connections with system CA certificates", "y", &[("n", "No"), ("y", "Yes")]);
const CA: Field = field("power_ca", "CA certificate (PEM) to trust instead of the system's", T::String);
const FINGERPRINT: Field = field("power_fingerprint", "SHA-256 of the certificate, to trust that one alone", T::String);

const POWER_DRIVERS: &[(&str, &str)] = &[("LAN", "LAN [IPMI 1.5]"), ("LAN_2_0", "LAN_2_0 [IPMI 2.0]")];
const BOOT_TYPES: &[(&str, &str)] = &[("auto", "Automatic"), ("legacy", "Legacy boot"), ("efi", "EFI boot")];
const OFF_MODES: &[(&str, &str)] = &[("hard", "Hard"), ("soft", "Soft")];
const PRIVILEGES: &[(&str, &str)] = &[("USER", "User"), ("OPERATOR", "Operator"), ("ADMIN", "Administrator")];
const CIPHER_SUITES: &[(&str, &str)] = &[
    ("17", "17 - HMAC-SHA256::HMAC_SHA256_128::AES-CBC-128"),
    ("3", "3 - HMAC-SHA1::HMAC-SHA1-96::AES-CBC-128"),
    ("", "17, or 3 when the BMC knows no better"),
    ("8", "8 - HMAC-MD5::HMAC-MD5-128::AES-CBC-128"),
    ("12", "12 - HMAC-MD5::MD5-128::AES-CBC-128"),
];
const WORKAROUNDS: &[(&str, &str)] = &[
    ("opensesspriv", "Opensesspriv"),
    ("authcap", "Authcap"),
    ("idzero", "Idzero"),
    ("unexpectedauth", "Unexpectedauth"),
    ("forcepermsg", "Forcepermsg"),
    ("endianseq", "Endianseq"),
    ("intel20", "Intel20"),
    ("supermicro20", "Supermicro20"),
    ("sun20", "Sun20"),
    ("nochecksumcheck", "Nochecksumcheck"),
    ("integritycheckvalue", "Integritycheckvalue"),
    ("ipmiping", "Ipmiping"),
    ("", "None"),
];

const fn driver(
    name: &'static str,
    description: &'static str,
    queryable: bool,
    chassis: bool,
    fields: &'static [Field],
) -> Schema {
    Schema { name, description, queryable, chassis, can_probe: false, fields }
}

const fn field(name: &'static str, label: &'static str, field_type: FieldType) -> Field {
    Field { name, label, field_type, default: "", required: false, scope: Scope::Bmc, secret: false, choices: &[] }
}

const fn secret(name: &'static str, label: &'static str) -> Field {
    Field { secret: true, ..field(name, label, T::Password) }
}

const fn choice(
    name: &'static str,
    label: &'static str,
    default: &'static str,
    choices: &'static [(&'static str, &'static str)],
) -> Field {
    Field { default, choices, ..field(name, label, T::Choice) }
}

const fn required(field: Field) -> Field {
    Field { required: true, ..field }
}

const fn with_default(default: &'static str, field: Field) -> Field {
    Field { default, ..field }
}

const fn of_node(field: Field) -> Field {
    Field { scope: Scope::Node, ..field }
}
