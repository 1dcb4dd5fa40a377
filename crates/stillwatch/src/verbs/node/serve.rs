//! Serve: the node, until it is told to stop.
//! In: `node.toml`. Out: TAXII 2.1 over HTTPS; log lines on stderr, those of the audit too.
//! Invariant: SIGTERM and Ctrl-C end it when what is under way is answered; no log line has a token.
//! Not here: what it answers (`stillwatch-node`).

use clap::{Args as ClapArgs, ValueEnum};
use stillwatch_node::http::Node;
use stillwatch_node::serve::{listen, serve, tls};
use tracing_subscriber::EnvFilter;

use super::{Settings, said};
use crate::verbs::store::say;

/// Arguments of `serve`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch init lab && stillwatch serve --config lab/node.toml
  curl --cacert lab/certificate.pem -H 'Authorization: Bearer TOKEN' https://localhost:8443/taxii2/

TAXII 2.1 is under /taxii2/. Whether it lives is told by /healthz, whether its store answers by /readyz, its figures by /metrics
(roles admin and auditor). Every request is a log line with the target `audit`. RUST_LOG chooses what is logged.
SIGTERM and Ctrl-C end it when what is under way is answered.
Exit codes: 0 it was told to stop; 2 failure.")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// How log lines look
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    /// For people
    Text,
    /// For programs, an object a line
    Json,
}

/// Runs `serve`.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log {
        Log::Text => lines.with_ansi(false).init(),
        Log::Json => lines.json().flatten_event(true).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("error: cannot start: {e}\nhint: free some memory or file handles"))?;
    runtime.block_on(async {
        let (config, store) = args.settings.open().await?;
        let tls = config.tls.as_ref().map(tls::settings).transpose().map_err(said)?;
        let listener = listen(config.listen).await.map_err(said)?;
        let at = listener.local_addr().unwrap_or(config.listen);
        let stop = stopped()?;
        let node = Node::new(config, store).await.map_err(said)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        say(&format!("listening on {scheme}://{at}/taxii2/"));
        serve(node, listener, tls, stop).await;
        Ok(0)
    })
}

/// Done when the process is asked to end.
fn stopped() -> Result<impl Future<Output = ()>, String> {
    #[cfg(unix)]
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|e| format!("error: cannot hear signals: {e}\nhint: report this as a bug"))?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
