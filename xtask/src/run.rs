//! Run: steps, told as they begin and timed as they end.
//! In: a command. Out: an error that names the step.
//! Invariant: a step that fails stops everything.
//! Not here: which steps there are.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Cargo, as it runs us.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Another program.
pub(crate) fn program(path: impl AsRef<OsStr>) -> Command {
    Command::new(path)
}

/// Whether a program is on the path.
pub(crate) fn have(name: &str) -> bool {
    Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Says that something was not checked, and why.
pub(crate) fn skipped(what: &str, why: &str) {
    eprintln!("== {what}: skipped: {why}");
}

/// A command as a step.
pub(crate) trait Step {
    /// Runs it, told and timed.
    fn step(&mut self, what: &str) -> Result<()>;
    /// Runs it unheard; whether it succeeded.
    fn quiet(&mut self) -> Result<bool>;
    /// Runs it unheard and no longer than that; whether it succeeded.
    fn within(&mut self, patience: Duration) -> Result<bool>;
}

impl Step for Command {
    fn step(&mut self, what: &str) -> Result<()> {
        eprintln!("== {what}");
        let begun = Instant::now();
        let status = self.status().with_context(|| format!("cannot run `{}`", self.get_program().to_string_lossy()))?;
        eprintln!("== {what}: {:.0} s", begun.elapsed().as_secs_f64());
        if !status.success() {
            bail!("{what} failed ({status})");
        }
        Ok(())
    }

    fn quiet(&mut self) -> Result<bool> {
        let status = self
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("cannot run `{}`", self.get_program().to_string_lossy()))?;
        Ok(status.success())
    }

    fn within(&mut self, patience: Duration) -> Result<bool> {
        let begun = Instant::now();
        let mut child = self.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        while begun.elapsed() < patience {
            if let Some(status) = child.try_wait()? {
                return Ok(status.success());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        child.kill()?;
        child.wait()?;
        Ok(false)
    }
}
