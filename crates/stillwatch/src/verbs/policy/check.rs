//! Check and test: whether profiles mean what they say.
//! In: profiles' directories. Out: faults and failed cases; exit 0 none, 1 some, 2 a profile can't be read.
//! Invariant: signed or not: these are what one does before signing.
//! Not here: the checks (`share`).

use std::path::PathBuf;

use super::files::draft;
use crate::verbs::store::print;

/// Arguments of `policy check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 no error; 1 errors; 2 a profile could not be read.")]
pub(super) struct CheckArgs {
    /// Directories of profiles
    #[arg(required = true)]
    profiles: Vec<PathBuf>,
}

/// Arguments of `policy test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 every case holds; 1 some do not; 2 a profile could not be read.")]
pub(super) struct TestArgs {
    /// Directories of profiles
    #[arg(required = true)]
    profiles: Vec<PathBuf>,
}

pub(super) fn check(args: &CheckArgs) -> Result<u8, String> {
    let mut code = 0;
    for folder in &args.profiles {
        let faults = stillwatch_share::check(&draft(folder)?);
        code = code.max(u8::from(faults.iter().any(|fault| !fault.warning)));
        for fault in &faults {
            print(format!("{}: {fault}\n", folder.display()))?;
        }
        if faults.is_empty() {
            print(format!("{}: no faults\n", folder.display()))?;
        }
    }
    Ok(code)
}

pub(super) fn test(args: &TestArgs) -> Result<u8, String> {
    let mut code = 0;
    for folder in &args.profiles {
        let cases = stillwatch_share::test(&draft(folder)?).map_err(|e| format!("error: {}/{e}", folder.display()))?;
        let failed: Vec<_> = cases.iter().filter_map(|case| Some((&case.name, case.wrong.as_ref()?))).collect();
        for (name, wrong) in &failed {
            print(format!("{}: {name}: {wrong}\n", folder.display()))?;
        }
        print(format!("{}: {} cases, {} failed\n", folder.display(), cases.len(), failed.len()))?;
        code = code.max(u8::from(!failed.is_empty()));
    }
    Ok(code)
}
