//! Programs that speak to a BMC, run as children: no shell, nothing secret among the arguments, ended with the future.

use std::{
    env,
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use maas_model::Secret;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, Command},
};

use crate::{Limits, PowerError};

/// A program and the Debian package that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

/// What a child gets: arguments that anybody may read, an environment that its user may read, and a stdin that it alone
/// can read.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, Secret<Vec<u8>>)>,
    pub(crate) stdin: Option<Secret<String>>,
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Runs it to its end.
    ///
    /// # Errors
    /// [`PowerError::MissingProgram`], or [`PowerError::Failed`] when it cannot be started.
    ///
    /// # Cancel safety
    /// A child of a dropped future is killed.
    pub(crate) async fn run(self, call: Call, limits: &Limits) -> Result<Output, PowerError> {
        let missing = PowerError::MissingProgram { program: self.name, package: self.package };
        let path = find_program(self.name, limits.programs.as_deref()).ok_or(missing)?;
        let failed = |error: io::Error| PowerError::Failed {
            address: format!("the program `{}`", path.display()),
            message: format!("it could not be run: {error}"),
        };
        let mut child = spawn(&path, &call).map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let ((), stdout, stderr) = tokio::join!(write(stdin, call.stdin), read_some(stdout), read_some(stderr));
        let status = child.wait().await.map_err(failed)?;
        Ok(Output { succeeded: status.success(), stdout, stderr })
    }
}

/// The first place where a program lies: `first`, the search path, the system's own directories.
pub(crate) fn find_program(name: &str, first: Option<&Path>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
    let places = first.map(Path::to_owned).into_iter().chain(env::split_paths(&path)).chain(system);
    places.map(|place| place.join(name)).find(|file| file.is_file())
}

fn spawn(path: &Path, call: &Call) -> io::Result<Child> {
    Command::new(path)
        .args(&call.arguments)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", env::var_os("HOME").unwrap_or_default())
        .env("LC_ALL", "C")
        .envs(call.environment.iter().map(|(name, value)| (name, OsStr::from_bytes(value.expose()))))
        .stdin(if call.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// A child that does not read its input says why by itself, so a closed pipe is no failure.
async fn write(stdin: Option<ChildStdin>, input: Option<Secret<String>>) {
    if let (Some(mut stdin), Some(input)) = (stdin, input) {
        let _ = stdin.write_all(input.expose().as_bytes()).await;
    }
}

/// What a child says, up to a limit; the rest is read and dropped, so that it does not wait for us.
async fn read_some(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut stream).take(OUTPUT_LIMIT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

const OUTPUT_LIMIT: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use maas_model::Secret;

    use super::{Call, Program};
    use crate::Limits;

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named_with_its_package() {
        let program = Program { name: "no-such-program", package: "some-package" };
        let error = program.run(Call::default(), &Limits::default()).await.unwrap_err();
        expect_test::expect!["the program `no-such-program` is not installed here; install the package `some-package`"]
            .assert_eq(&error.to_string());
    }

    #[tokio::test]
    async fn a_child_reads_its_input_and_has_no_more_of_our_environment_than_it_needs() {
        let cat = Program { name: "cat", package: "coreutils" };
        let call = Call { stdin: Some(Secret::new("word".into())), ..Call::default() };
        assert_eq!(cat.run(call, &Limits::default()).await.unwrap().stdout, "word");
        let env = Program { name: "env", package: "coreutils" };
        let call = Call { environment: vec![("GIVEN", Secret::new(b"1".to_vec()))], ..Call::default() };
        let said = env.run(call, &Limits::default()).await.unwrap().stdout;
        let mut names: Vec<&str> = said.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["GIVEN", "HOME", "LC_ALL", "PATH"]);
    }
}
