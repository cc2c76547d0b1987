//! `maas config-tls`: the certificate of the site, from files on this host.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use maas_authz::OpCtx;
use maas_model::Secret;
use maas_region::{
    Error, Region,
    tls::{self, Change, EnableOptions, PairPem},
};
use maas_tls::{Problem, Severity, bundle::check_port};

use super::{init::DEFAULT_HTTPS_PORT, open, place::Place, prompt};
use crate::{
    args::{PairArgs, TlsCheckArgs, TlsCommand, TlsEnableArgs, TlsPlaceArgs, TlsStatusArgs},
    failure::Failure,
    out,
};

const QUESTION: &str =
    "Once TLS is enabled, the MAAS UI and API won't be accessible over HTTP anymore, proceed? (y/n): ";
/// How long `enable` waits for every region's word.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs it.
///
/// # Errors
/// Exit code 1 for the user's to mend, 2 for a pair that does not do, 3 when a region did not follow.
pub(crate) async fn run(command: TlsCommand) -> Result<(), Failure> {
    match command {
        TlsCommand::Enable(args) => enable(args).await,
        TlsCommand::Disable(args) => disable(args).await,
        TlsCommand::Rollback(args) => roll_back(args).await,
        TlsCommand::Check(args) => check(args).await,
        TlsCommand::Status(args) => status(args).await,
    }
}

async fn enable(args: TlsEnableArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    place.require_owner("config-tls")?;
    // Files are opened before the question and read after it, as in MAAS.
    let files = Files::open(&args.pair)?;
    if !args.yes && !confirmed()? {
        return Ok(());
    }
    let (pair, mut warnings) = files.read(&args.pair)?;
    if args.pair.strict && !warnings.is_empty() {
        return Err(Failure { code: 2, message: lines(&warnings), hint: None });
    }
    let (region, ctx) = open::open(&place, "config-tls").await?;
    let wait = if args.no_wait { Duration::ZERO } else { PATIENCE };
    let change =
        tls::enable(&region, &ctx, pair, options(&region, &ctx, &args.pair, wait).await?).await.map_err(refused)?;
    warnings.extend(change.warnings.iter().cloned());
    for warning in &warnings {
        out::talk(warning_line(warning));
    }
    if change.is_unchanged {
        out::data("unchanged");
        return Ok(());
    }
    report(&change, args.no_wait)
}

/// The answer to the question: exactly `y` is yes; anything else is no; the end of input says what to do instead.
fn confirmed() -> Result<bool, Failure> {
    match prompt::line(QUESTION) {
        Some(answer) if answer.trim().eq_ignore_ascii_case("y") => Ok(true),
        Some(_) => {
            out::talk("nothing was changed");
            Ok(false)
        }
        None => {
            out::data("");
            Err(Failure::user(
                "nothing was changed: the input ended before an answer; pass `--yes` to go on without one",
            ))
        }
    }
}

async fn disable(args: TlsPlaceArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "config-tls").await?;
    let wait = if args.no_wait { Duration::ZERO } else { PATIENCE };
    let change = tls::disable(&region, &ctx, wait).await?;
    if change.is_unchanged {
        out::data("unchanged");
        return Ok(());
    }
    report(&change, args.no_wait)
}

async fn roll_back(args: TlsPlaceArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "config-tls").await?;
    let wait = if args.no_wait { Duration::ZERO } else { PATIENCE };
    let change = tls::roll_back(&region, &ctx, wait).await?;
    report(&change, args.no_wait)
}

/// One line per region; exit code 3 when one did not follow.
fn report(change: &Change, no_wait: bool) -> Result<(), Failure> {
    let new = change.new_fingerprint.as_deref().unwrap_or("TLS off");
    out::data(format!("generation {}: {new}", change.generation));
    if change.regions.is_empty() && !no_wait {
        out::talk("no region is running: the change is served from the next start on");
    }
    let mut failed = false;
    for applied in &change.regions {
        match &applied.error {
            None => out::data(format!("{}: ok", applied.region)),
            Some(error) => {
                failed = true;
                out::data(format!("{}: failed: {error}", applied.region));
            }
        }
    }
    if failed {
        return Err(Failure {
            code: 3,
            message: "not every region serves the new certificate".into(),
            hint: Some("they go on with the one before; `maas config-tls status` shows which".into()),
        });
    }
    Ok(())
}

async fn check(args: TlsCheckArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (pair, mut problems) = Files::open(&args.pair)?.read(&args.pair)?;
    let (region, ctx) = open::open(&place, "config-tls").await?;
    problems
        .extend(tls::check(&region, &ctx, &pair, &options(&region, &ctx, &args.pair, Duration::ZERO).await?).await?);
    let refuses = |problem: &Problem| problem.severity == Severity::Error || args.pair.strict;
    let failed = problems.iter().any(refuses);
    if args.json {
        out::data(serde_json::json!({"ok": !failed, "problems": problems}));
    } else if problems.is_empty() {
        out::data("ok");
    } else {
        out::data(lines(&problems));
        if !failed {
            out::data("ok, with warnings");
        }
    }
    if failed {
        return Err(Failure::failed("this pair would be refused"));
    }
    Ok(())
}

async fn status(args: TlsStatusArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "config-tls").await?;
    let status = tls::status(&region, &ctx).await?;
    if args.json {
        out::data(serde_json::to_string_pretty(&status).map_err(|error| Failure::failed(error.to_string()))?);
    } else {
        out::raw(super::status::tls_text(&status));
    }
    Ok(())
}

async fn options(region: &Region, ctx: &OpCtx, args: &PairArgs, wait: Duration) -> Result<EnableOptions, Failure> {
    let port = match args.port {
        Some(port) => chosen_port(port)?,
        // A renewal says nothing of the port and means the one in use.
        None => tls::status(region, ctx).await?.port.unwrap_or(DEFAULT_HTTPS_PORT),
    };
    Ok(EnableOptions {
        port,
        strict: args.strict,
        allow_expired: args.allow_expired,
        allow_self_signed_ca: args.allow_self_signed_ca,
        wait,
    })
}

fn chosen_port(number: u32) -> Result<u16, Failure> {
    let port = u16::try_from(number)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Failure::failed(format!("tls/port: {number} is no port: use 1 to 65535")))?;
    match check_port(port) {
        Some(problem) => Err(Failure::failed(lines(&[problem]))),
        None => Ok(port),
    }
}

/// The three files, opened.
struct Files {
    key: fs::File,
    certificate: fs::File,
    ca: Option<fs::File>,
}

impl Files {
    fn open(args: &PairArgs) -> Result<Self, Failure> {
        Ok(Self {
            key: open_file("key", &args.key)?,
            certificate: open_file("cert", &args.cert)?,
            ca: args.cacert.as_deref().map(|path| open_file("--cacert", path)).transpose()?,
        })
    }

    fn read(mut self, args: &PairArgs) -> Result<(PairPem, Vec<Problem>), Failure> {
        let name = |path: &PathBuf| path.display().to_string();
        let names = [name(&args.key), name(&args.cert), args.cacert.as_ref().map(name).unwrap_or_default()];
        let key = Secret::new(read_text(&mut self.key, &args.key)?);
        let certificate = Secret::new(read_text(&mut self.certificate, &args.cert)?);
        let mut warnings = Vec::new();
        // The two may be given the wrong way round, and one file may hold both.
        for (file, text, name) in [(&self.key, &key, &names[0]), (&self.certificate, &certificate, &names[1])] {
            if let Ok(meta) = file.metadata()
                && meta.permissions().mode() & 0o044 != 0
                && text.expose().contains("PRIVATE KEY-----")
            {
                warnings.push(Problem {
                    code: "tls/key-mode",
                    severity: Severity::Warning,
                    text: format!("`{name}` can be read by others: run `chmod go-rwx {name}`"),
                });
            }
        }
        let pair = PairPem {
            key,
            certificate: certificate.expose().clone(),
            ca: match (&mut self.ca, &args.cacert) {
                (Some(file), Some(path)) => Some(read_text(file, path)?),
                _ => None,
            },
            names,
        };
        Ok((pair, warnings))
    }
}

fn open_file(argument: &str, path: &Path) -> Result<fs::File, Failure> {
    fs::File::open(path).map_err(|error| {
        let shown = path.display();
        let number = error.raw_os_error().unwrap_or_default();
        let text = nix::errno::Errno::from_raw(number).desc();
        Failure::failed(format!("argument {argument}: can't open '{shown}': [Errno {number}] {text}: '{shown}'"))
    })
}

/// Reads at most 1 MiB; what is no text is passed on in a form that is no PEM either, so that one rule refuses it.
fn read_text(file: &mut fs::File, path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    file.take(1 << 20)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::failed(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn refused(error: Error) -> Failure {
    match error {
        Error::Invalid(fields) => {
            let lines: Vec<String> = fields
                .iter()
                .flat_map(|(code, texts)| texts.iter().map(move |text| format!("{code}: {text}")))
                .collect();
            Failure::failed(lines.join("\n")).hint("nothing was changed")
        }
        Error::Unavailable { .. } => Failure { code: 3, ..Failure::from(error) },
        other => other.into(),
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| match problem.severity {
            Severity::Error => format!("{}: {}", problem.code, problem.text),
            Severity::Warning => warning_line(problem),
        })
        .collect();
    lines.join("\n")
}

fn warning_line(problem: &Problem) -> String {
    format!("warning: {}: {}", problem.code, problem.text)
}
