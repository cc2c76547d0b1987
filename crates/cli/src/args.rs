//! The command line's shape. What is no command here is a profile: `maas PROFILE RESOURCE ACTION`.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueHint};

/// Metal as a Service: racks of bare machines, taken from a menu.
#[derive(Debug, Parser)]
#[command(name = "maas", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Once logged in, `maas PROFILE RESOURCE ACTION` talks to a site: try `maas PROFILE --help`.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// Where the site lies on this host.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlaceArgs {
    /// The site's directory (default: /var/lib/maas where /etc/maas/regiond.conf exists, else your own data directory)
    #[arg(long, env = "MAAS_DATA", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a site on first use, and serve it
    Up(UpArgs),
    /// Make a site without serving it
    Init(InitArgs),
    /// Serve a site that `maas init` or `maas up` made
    Run(RunArgs),
    /// Show services, ports, certificate, database and what needs attention
    Status(StatusArgs),
    /// Create an administrator
    Createadmin(CreateAdminArgs),
    /// Change a user's password
    Changepassword(ChangePasswordArgs),
    /// List, make, rename and delete a user's API keys
    Apikey(ApiKeyArgs),
    /// Configure MAAS Region TLS.
    ConfigTls(ConfigTlsArgs),
    /// Read, prove and export the audit log
    Audit(AuditArgs),
    /// Fill the site with invented machines, for development and demonstrations
    Simulate(SimulateArgs),
    /// Explain who may do what, and why
    Access(AccessArgs),
    /// Print the table of who may do what
    Policy,
    /// Log in to a remote API, and remember its description and credentials
    Login(maas_client::args::LoginArgs),
    /// Forget a profile
    Logout(maas_client::args::LogoutArgs),
    /// List profiles
    List(maas_client::args::ListArgs),
    /// Read the API descriptions of all profiles again
    Refresh(maas_client::args::RefreshArgs),
    /// Print the completion script of a shell
    Completion(maas_client::args::CompletionArgs),
    /// Write manual pages
    Man {
        /// The directory to write them to
        dir: PathBuf,
    },
    /// Print completion candidates
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    #[command(external_subcommand)]
    Profile(Vec<String>),
}

#[derive(Args, Debug)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How many machines to invent
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub machines: usize,
    /// In how many pools, the default one among them
    #[arg(long, value_name = "P", default_value_t = 4)]
    pub pools: usize,
    /// Another number makes other machines
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Put them beside the machines that the site has
    #[arg(long)]
    pub add: bool,
}

/// How a region listens.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListenArgs {
    /// An address to listen on; repeat for several (default: all)
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<IpAddr>,
    /// The plain port (default: 5240)
    #[arg(long, value_name = "PORT")]
    pub http_port: Option<u16>,
    /// Log in JSON, a line an event
    #[arg(long)]
    pub json_log: bool,
}

#[derive(Args, Debug)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub listen: ListenArgs,
    /// The HTTPS port of a new site (default: 5443); later it is changed by `maas config-tls enable`
    #[arg(long, value_name = "PORT", conflicts_with = "no_tls")]
    pub https_port: Option<u16>,
    /// Make a new site without TLS: everything on the plain port, as MAAS starts
    #[arg(long)]
    pub no_tls: bool,
    /// The first administrator's name (default: admin)
    #[arg(long, value_name = "NAME")]
    pub admin: Option<String>,
    /// The first administrator's password: the first line of this file (default: one is made and shown once)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub admin_password_file: Option<PathBuf>,
    /// The first administrator's e-mail address
    #[arg(long, value_name = "EMAIL")]
    pub admin_email: Option<String>,
    /// Another name or address for the certificate; repeat for several
    #[arg(long, value_name = "HOST")]
    pub name: Vec<String>,
    /// Print one line of JSON when ready
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    #[command(subcommand)]
    pub role: InitRole,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InitRole {
    /// Make a region: configuration, database, keys, certificate authority
    Region(InitRegionArgs),
}

#[derive(Args, Debug)]
pub(crate) struct InitRegionArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// `postgres://USER@HOST:PORT/NAME`, or `sqlite:PATH` (default: SQLite in the data directory)
    #[arg(long, value_name = "URI")]
    pub database_uri: Option<String>,
    /// A file whose first line is the database's password; it is named in the configuration, not copied
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub database_pass_file: Option<PathBuf>,
    /// `disable`, `require`, `verify-ca` or `verify-full` (default: `verify-full` unless the database is on loopback)
    #[arg(long, value_name = "MODE")]
    pub database_sslmode: Option<String>,
    /// The CA of the database's certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub database_sslrootcert: Option<PathBuf>,
    /// A client certificate for the database
    #[arg(long, value_name = "FILE", requires = "database_sslkey", value_hint = ValueHint::FilePath)]
    pub database_sslcert: Option<PathBuf>,
    /// The client certificate's key
    #[arg(long, value_name = "FILE", requires = "database_sslcert", value_hint = ValueHint::FilePath)]
    pub database_sslkey: Option<PathBuf>,
    /// The URL by which clients and racks reach the site
    #[arg(long, value_name = "URL")]
    pub maas_url: Option<String>,
    #[command(flatten)]
    pub listen: ListenArgs,
    /// The HTTPS port (default: 5443)
    #[arg(long, value_name = "PORT", conflicts_with = "no_tls")]
    pub https_port: Option<u16>,
    /// Without TLS: everything on the plain port, as MAAS starts
    #[arg(long)]
    pub no_tls: bool,
    /// Another name or address for the certificate; repeat for several
    #[arg(long, value_name = "HOST")]
    pub name: Vec<String>,
    /// The first administrator's name
    #[arg(long, value_name = "NAME")]
    pub admin: Option<String>,
    /// The first administrator's password: the first line of this file
    #[arg(long, value_name = "FILE", requires = "admin", value_hint = ValueHint::FilePath)]
    pub admin_password_file: Option<PathBuf>,
    /// The first administrator's e-mail address
    #[arg(long, value_name = "EMAIL", requires = "admin")]
    pub admin_email: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Print one line of JSON when ready
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AccessArgs {
    #[command(subcommand)]
    pub command: AccessCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Explain why a user may, or may not, do something: the rule, the roles that count, and who can help
    Explain {
        #[command(flatten)]
        place: PlaceArgs,
        /// The user
        user: String,
        /// A machine's action such as `deploy`, or one of roles such as `can_edit_machines`
        action: String,
        /// A system id, `pool:NAME`, or nothing for the site
        object: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the users who can do something
    WhoCan {
        #[command(flatten)]
        place: PlaceArgs,
        /// A machine's action such as `deploy`, or one of roles such as `can_edit_machines`
        action: String,
        /// A system id, `pool:NAME`, or nothing for the site
        object: Option<String>,
    },
    /// Print the whole policy: what the built-in roles hold, and what that means for machines
    Matrix {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: MatrixFormat,
    },
}

/// How the policy is printed.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(crate) enum MatrixFormat {
    #[default]
    Table,
    Json,
    Markdown,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CreateAdminArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The user name
    #[arg(long)]
    pub username: Option<String>,
    /// The password; seen by everybody on this host in the process list, so better `--password-stdin`
    #[arg(long, conflicts_with_all = ["password_file", "password_stdin"])]
    pub password: Option<String>,
    /// The password is the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// The password is the first line of stdin
    #[arg(long)]
    pub password_stdin: bool,
    /// The e-mail address
    #[arg(long)]
    pub email: Option<String>,
    /// Import SSH keys of `lp:USER` (Launchpad) or `gh:USER` (GitHub)
    #[arg(long, value_name = "SOURCE")]
    pub ssh_import: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ChangePasswordArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The user (default: your login name on this host)
    pub username: Option<String>,
    /// The password is the first line of stdin
    #[arg(long)]
    pub password_stdin: bool,
    /// Delete the user's API keys and tokens too
    #[arg(long)]
    pub revoke_keys: bool,
}

#[derive(Args, Debug)]
#[command(infer_long_args = true)]
pub(crate) struct ApiKeyArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The user whose keys these are
    #[arg(long)]
    pub username: Option<String>,
    /// Make a key and print it: the only moment at which it can be read
    #[arg(long)]
    pub generate: bool,
    /// Delete a key
    #[arg(long, value_name = "KEY")]
    pub delete: Option<String>,
    /// Rename a key: give `--name` too
    #[arg(long, value_name = "KEY")]
    pub update: Option<String>,
    /// The name of the key
    #[arg(long)]
    pub name: Option<String>,
    /// Print names beside keys
    #[arg(long)]
    pub with_names: bool,
}

#[derive(Args, Debug)]
#[command(subcommand_help_heading = "drill down", subcommand_value_name = "COMMAND")]
pub(crate) struct ConfigTlsArgs {
    #[command(subcommand)]
    pub command: TlsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Enable TLS and switch to a secured mode (https).
    Enable(TlsEnableArgs),
    /// Disable TLS and switch to a non-secured mode (http).
    Disable(TlsPlaceArgs),
    /// Show the certificate and what each region serves
    Status(TlsStatusArgs),
    /// Check a key and a certificate as `enable` would, and change nothing
    Check(TlsCheckArgs),
    /// Go back to the certificate before this one
    Rollback(TlsPlaceArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PairArgs {
    /// path to the private key
    #[arg(value_name = "key", value_hint = ValueHint::FilePath)]
    pub key: PathBuf,
    /// path to certificate in PEM format
    #[arg(value_name = "cert", value_hint = ValueHint::FilePath)]
    pub cert: PathBuf,
    /// path to CA certificates chain in PEM format
    #[arg(long, value_name = "CACERT", value_hint = ValueHint::FilePath)]
    pub cacert: Option<PathBuf>,
    /// HTTPS port (default: the one in use; 5443 while TLS is off)
    #[arg(short, long, value_name = "PORT")]
    pub port: Option<u32>,
    /// Refuse on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Accept a certificate that has expired or is not yet valid; for tests
    #[arg(long)]
    pub allow_expired: bool,
    /// Accept a self-signed certificate that is a CA
    #[arg(long)]
    pub allow_self_signed_ca: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TlsEnableArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub pair: PairArgs,
    /// Skip interactive confirmation
    #[arg(long)]
    pub yes: bool,
    /// Do not wait until every region serves the certificate
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TlsCheckArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub pair: PairArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TlsStatusArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TlsPlaceArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Do not wait until every region has followed
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Prove that no row was changed, removed or reordered
    Verify(AuditVerifyArgs),
    /// Print rows as JSON lines or CSV, oldest first
    Export(AuditExportArgs),
    /// Print the newest rows, and follow with `-f`
    Tail(AuditTailArgs),
}

#[derive(Args, Debug)]
pub(crate) struct AuditVerifyArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AuditFilterArgs {
    /// Rows from this time on (`2026-11-25` or RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Rows before this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Rows of this user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Rows of this action, such as `user.create`
    #[arg(long)]
    pub action: Option<String>,
    /// `success`, `denied` or `failed`
    #[arg(long)]
    pub outcome: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct AuditExportArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub filter: AuditFilterArgs,
    /// `jsonl` or `csv`
    #[arg(long, default_value = "jsonl", value_parser = ["jsonl", "csv"])]
    pub format: String,
}

#[derive(Args, Debug)]
pub(crate) struct AuditTailArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub filter: AuditFilterArgs,
    /// How many rows
    #[arg(short = 'n', long, default_value_t = 20)]
    pub lines: u32,
    /// Go on as rows come
    #[arg(short, long)]
    pub follow: bool,
    /// Print JSON lines
    #[arg(long)]
    pub json: bool,
}
