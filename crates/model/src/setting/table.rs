//! The rows.

use super::{Default, Kind, Setting, TextCheck, check};

/// All settings, by name.
pub static SETTINGS: &[Setting] = &[
    setting(
        "access_hidden_status",
        Kind::IntChoice(&[403, 404]),
        Default::Int(404),
        "What is answered about a machine that somebody may not see: 404 as if there were none, or 403 as MAAS does.",
    ),
    setting(
        "active_discovery_interval",
        Kind::IntChoice(&[0, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604_800]),
        Default::Int(10800),
        "Seconds between active scans of the networks; 0 means never.",
    ),
    internal(
        "active_discovery_last_scan",
        Kind::Int { min: 0, max: i64::MAX },
        Default::Int(0),
        "When the networks were last scanned.",
    ),
    setting(
        "allow_only_trusted_transfers",
        Kind::Bool,
        Default::Bool(true),
        "Whether DNS zone transfers are limited to trusted networks.",
    ),
    setting(
        "auto_vlan_creation",
        Kind::Bool,
        Default::Bool(true),
        "Whether VLANs and fabrics are made for networks that a controller finds.",
    ),
    setting("boot_images_auto_import", Kind::Bool, Default::Bool(true), "Whether images are synchronised every hour."),
    internal(
        "boot_images_import_interval_minutes",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(60),
        "Minutes between two synchronisations of images.",
    ),
    setting(
        "boot_images_no_proxy",
        Kind::Bool,
        Default::Bool(false),
        "Whether the proxy is passed over when images are downloaded.",
    ),
    setting(
        "commissioning_distro_series",
        Kind::Choice(&SERIES),
        Default::Text("noble"),
        "The Ubuntu release that machines are commissioned with.",
    ),
    internal(
        "commissioning_osystem",
        Kind::Choice(&OSYSTEMS),
        Default::Text("ubuntu"),
        "The operating system that machines are commissioned with.",
    ),
    setting("completed_intro", Kind::Bool, Default::Bool(false), "Whether the first set-up of the site was finished."),
    setting("curtin_verbose", Kind::Bool, Default::Bool(true), "Whether the installer writes a verbose log."),
    setting(
        "default_boot_interface_link_type",
        Kind::Choice(&["auto", "dhcp", "static", "link_up"]),
        Default::Text("auto"),
        "How the boot interface of a new machine gets its address.",
    ),
    setting(
        "default_distro_series",
        Kind::Choice(&SERIES),
        Default::Text("noble"),
        "The release that is deployed when none is named.",
    ),
    setting(
        "default_dns_ttl",
        Kind::Int { min: 1, max: 2_147_483_647 },
        Default::Int(30),
        "Seconds that DNS answers may be kept when the domain says nothing else.",
    ),
    setting(
        "default_min_hwe_kernel",
        text(30, check::kernel),
        Default::Text(""),
        "The oldest kernel that new machines are commissioned with; empty means the release's own.",
    ),
    setting(
        "default_osystem",
        Kind::Choice(&OSYSTEMS),
        Default::Text("ubuntu"),
        "The operating system that is deployed when none is named.",
    ),
    setting(
        "default_storage_layout",
        Kind::Choice(&["flat", "lvm", "bcache", "vmfs6", "vmfs7", "custom", "blank"]),
        Default::Text("flat"),
        "The storage layout that is put on a machine when none is named.",
    ),
    setting(
        "disk_erase_with_quick_erase",
        Kind::Bool,
        Default::Bool(false),
        "Whether a quick erase is the default when disks are erased on release.",
    ),
    setting(
        "disk_erase_with_secure_erase",
        Kind::Bool,
        Default::Bool(true),
        "Whether a secure erase is the default when disks are erased on release.",
    ),
    setting(
        "dns_trusted_acl",
        text(4096, check::access_list),
        Default::Null,
        "Networks and access lists that may use the resolver, beside the known subnets.",
    ),
    setting(
        "dnssec_validation",
        Kind::Choice(&["auto", "yes", "no"]),
        Default::Text("auto"),
        "Whether answers of upstream DNS servers are validated.",
    ),
    setting(
        "enable_analytics",
        Kind::Bool,
        Default::Bool(true),
        "Whether the user interface may send usage statistics.",
    ),
    setting(
        "enable_disk_erasing_on_release",
        Kind::Bool,
        Default::Bool(false),
        "Whether disks are erased whenever a machine is released.",
    ),
    setting("enable_http_proxy", Kind::Bool, Default::Bool(true), "Whether machines get packages through a proxy."),
    setting(
        "enable_kernel_crash_dump",
        Kind::Bool,
        Default::Bool(false),
        "Whether deployed machines keep kernel crash dumps where they can.",
    ),
    setting(
        "enable_third_party_drivers",
        Kind::Bool,
        Default::Bool(true),
        "Whether third-party drivers are installed where hardware needs them.",
    ),
    setting(
        "enlist_commissioning",
        Kind::Bool,
        Default::Bool(true),
        "Whether machines are commissioned as soon as they have enlisted.",
    ),
    setting(
        "experimental_switch_provisioning",
        Kind::Bool,
        Default::Bool(false),
        "Whether network switches may be provisioned, which is experimental.",
    ),
    setting(
        "force_v1_network_yaml",
        Kind::Bool,
        Default::Bool(false),
        "Whether the older network format is always used for deployments.",
    ),
    setting(
        "hardware_sync_interval",
        text(64, check::interval),
        Default::Text("15m"),
        "The time between two hardware updates of a deployed machine.",
    ),
    setting(
        "http_proxy",
        text(2048, check::url),
        Default::Null,
        "The proxy for downloads and, if no other is set up, for machines.",
    ),
    setting("kernel_opts", text(4096, check::any), Default::Null, "Kernel parameters for every machine at boot."),
    setting(
        "maas_auto_ipmi_cipher_suite_id",
        Kind::Choice(&["17", "3", "", "8", "12"]),
        Default::Text("3"),
        "The IPMI cipher suite that is set up on BMCs.",
    ),
    secret(
        "maas_auto_ipmi_k_g_bmc_key",
        text(64, check::kg_key),
        Default::Text(""),
        "The IPMI K_g key that is used with BMCs.",
    ),
    setting(
        "maas_auto_ipmi_user",
        text(20, check::any),
        Default::Text("maas"),
        "The name of the IPMI user that is made on BMCs.",
    ),
    setting(
        "maas_auto_ipmi_user_privilege_level",
        Kind::Choice(&["USER", "OPERATOR", "ADMIN"]),
        Default::Text("ADMIN"),
        "The privileges of the IPMI user that is made on BMCs.",
    ),
    setting(
        "maas_auto_ipmi_workaround_flags",
        Kind::Choices(&IPMI_FLAGS),
        Default::Null,
        "Workarounds for BMCs that do not follow IPMI.",
    ),
    setting(
        "maas_internal_domain",
        text(255, check::domain),
        Default::Text("maas-internal"),
        "The domain for names that the site uses for itself.",
    ),
    setting("maas_name", text(255, check::required), Default::HostName, "The name of this site, for people."),
    setting("maas_proxy_port", Kind::Port { except: None }, Default::Int(8000), "The port of the built-in proxy."),
    setting(
        "maas_syslog_port",
        Kind::Port { except: Some(5247) },
        Default::Int(5247),
        "The port on which logs of machines are received.",
    ),
    internal("maas_url", text(2048, check::url), Default::Text(""), "The URL under which this site is known."),
    setting(
        "main_archive",
        text(2048, check::url),
        Default::Text("http://archive.ubuntu.com/ubuntu"),
        "The package archive for amd64 and i386.",
    ),
    setting(
        "max_node_commissioning_results",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(10),
        "How many commissioning results are kept of a machine.",
    ),
    internal(
        "max_node_deployment_results",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(3),
        "How many deployment results are kept of a machine.",
    ),
    setting(
        "max_node_installation_results",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(3),
        "How many installation results are kept of a machine.",
    ),
    setting(
        "max_node_release_results",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(3),
        "How many release results are kept of a machine.",
    ),
    setting(
        "max_node_testing_results",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(10),
        "How many test results are kept of a machine.",
    ),
    setting(
        "network_discovery",
        Kind::Choice(&["enabled", "disabled"]),
        Default::Text("enabled"),
        "Whether controllers watch their networks for neighbours.",
    ),
    setting(
        "node_timeout",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(30),
        "Minutes after which a machine that does not report counts as failed.",
    ),
    setting(
        "ntp_external_only",
        Kind::Bool,
        Default::Bool(false),
        "Whether machines use the external NTP servers and not the controllers.",
    ),
    setting("ntp_servers", text(4096, check::hosts), Default::Text("ntp.ubuntu.com"), "The external NTP servers."),
    internal_secret(
        "omapi_key",
        text(1024, check::any),
        Default::Text(""),
        "The key to change leases of the DHCP server.",
    ),
    setting(
        "password_minimum_length",
        Kind::Int { min: 8, max: 128 },
        Default::Int(12),
        "How many characters a new password needs at least.",
    ),
    setting(
        "ports_archive",
        text(2048, check::url),
        Default::Text("http://ports.ubuntu.com/ubuntu-ports"),
        "The package archive for all other architectures.",
    ),
    setting("prefer_v4_proxy", Kind::Bool, Default::Bool(false), "Whether the proxy prefers IPv4."),
    setting("prometheus_enabled", Kind::Bool, Default::Bool(false), "Whether metrics are offered to Prometheus."),
    setting(
        "prometheus_push_gateway",
        text(1024, check::any),
        Default::Null,
        "The Prometheus push gateway, as host and port.",
    ),
    setting(
        "prometheus_push_interval",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(60),
        "Minutes between two pushes of metrics.",
    ),
    setting("promtail_enabled", Kind::Bool, Default::Bool(false), "Whether logs are offered to Promtail."),
    setting(
        "promtail_port",
        Kind::Int { min: 1, max: 65535 },
        Default::Int(5238),
        "The port on which Promtail is served.",
    ),
    setting(
        "refresh_token_duration",
        Kind::Int { min: 600, max: 5_184_000 },
        Default::Int(2_592_000),
        "Seconds that a refresh token lives.",
    ),
    setting("release_notifications", Kind::Bool, Default::Bool(true), "Whether people are told of new releases."),
    setting(
        "remote_syslog",
        text(300, check::syslog_host),
        Default::Null,
        "The server to which the logs of machines are sent, as host and port.",
    ),
    internal_secret(
        "rpc_shared_secret",
        text(1024, check::any),
        Default::Text(""),
        "The shared secret of regions and racks.",
    ),
    setting(
        "session_idle_limit",
        Kind::Int { min: 60, max: 1_209_600 },
        Default::Int(86400),
        "Seconds without use after which a session ends.",
    ),
    setting(
        "session_length",
        Kind::Int { min: 10, max: 1_209_600 },
        Default::Int(1_209_600),
        "Seconds after which a session ends, used or not; setting it ends all sessions.",
    ),
    setting(
        "ssh_key_import_enabled",
        Kind::Bool,
        Default::Bool(true),
        "Whether people may import SSH keys from Launchpad and GitHub.",
    ),
    setting(
        "subnet_ip_exhaustion_threshold_count",
        Kind::Int { min: 1, max: i64::MAX },
        Default::Int(16),
        "How few free addresses in a subnet are worth a warning.",
    ),
    setting("theme", text(64, check::any), Default::Text(""), "The colour of the user interface's header."),
    setting(
        "tls_cert_expiration_notification_enabled",
        Kind::Bool,
        Default::Bool(true),
        "Notify when the certificate is due to expire.",
    ),
    setting(
        "tls_cert_expiration_notification_interval",
        Kind::Int { min: 1, max: 90 },
        Default::Int(30),
        "Certificate expiration reminder (days).",
    ),
    setting(
        "tls_hsts_include_subdomains",
        Kind::Bool,
        Default::Bool(false),
        "Whether browsers that are told to insist on TLS insist on it for subdomains too.",
    ),
    setting(
        "tls_hsts_max_age",
        Kind::Int { min: 0, max: 63_072_000 },
        Default::Int(300),
        "Seconds for which browsers insist on TLS; nothing is sent in the first 24 hours, and 0 takes it back.",
    ),
    internal("tls_port", Kind::Int { min: 1, max: 65535 }, Default::Null, "The port on which TLS is served."),
    setting(
        "upstream_dns",
        text(4096, check::addresses),
        Default::Null,
        "The DNS servers that unknown names are asked from.",
    ),
    setting("use_peer_proxy", Kind::Bool, Default::Bool(false), "Whether the built-in proxy asks the external one."),
    setting(
        "use_rack_proxy",
        Kind::Bool,
        Default::Bool(true),
        "Whether machines use the proxy of their rack controller.",
    ),
    setting(
        "user_may_power_free_machines",
        Kind::Bool,
        Default::Bool(true),
        "Whether users may switch machines on and off that nobody owns, before they take one.",
    ),
    internal("uuid", text(36, check::any), Default::Text(""), "The identity of this site."),
    internal("vault_enabled", Kind::Bool, Default::Bool(false), "Whether secrets are kept in Vault."),
    setting(
        "vcenter_datacenter",
        text(1024, check::any),
        Default::Text(""),
        "The VMware datacenter that ESXi machines join.",
    ),
    secret("vcenter_password", text(1024, check::any), Default::Text(""), "The VMware vCenter password."),
    setting(
        "vcenter_server",
        text(1024, check::any),
        Default::Text(""),
        "The VMware vCenter server, as name or address.",
    ),
    setting("vcenter_username", text(1024, check::any), Default::Text(""), "The VMware vCenter user name."),
    setting("windows_kms_host", text(255, check::host), Default::Null, "The host that activates Windows machines."),
];

const fn setting(name: &'static str, kind: Kind, default: Default, help: &'static str) -> Setting {
    Setting { name, kind, default, help, is_secret: false, is_internal: false }
}

const fn secret(name: &'static str, kind: Kind, default: Default, help: &'static str) -> Setting {
    Setting { name, kind, default, help, is_secret: true, is_internal: false }
}

const fn internal(name: &'static str, kind: Kind, default: Default, help: &'static str) -> Setting {
    Setting { name, kind, default, help, is_secret: false, is_internal: true }
}

const fn internal_secret(name: &'static str, kind: Kind, default: Default, help: &'static str) -> Setting {
    Setting { name, kind, default, help, is_secret: true, is_internal: true }
}

const fn text(max: usize, check: TextCheck) -> Kind {
    Kind::Text { max, check }
}

const SERIES: [&str; 7] = ["bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing"];
const OSYSTEMS: [&str; 9] = ["ubuntu", "ubuntu-core", "centos", "rhel", "ol", "sles", "esxi", "windows", "custom"];
const IPMI_FLAGS: [&str; 12] = [
    "opensesspriv",
    "authcap",
    "idzero",
    "unexpectedauth",
    "forcepermsg",
    "endianseq",
    "intel20",
    "supermicro20",
    "sun20",
    "nochecksumcheck",
    "integritycheckvalue",
    "ipmiping",
];
