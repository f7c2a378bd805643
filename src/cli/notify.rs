//! `alphaflow notify test`: one message on each channel, and what came of it.
//!
//! Not here: channels and messages (live::notify).
use std::env;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::halt::person;
use super::{Failure, Format};
use crate::execution::alpaca::EnvFile;
use crate::live::notify::{Banner, NAMES, NotifyConfig, TestRecord, TestedChannel, test_channels};

/// `alphaflow notify …`
#[derive(Debug, Subcommand)]
#[command(after_help = "Example: alphaflow notify test")]
pub(super) enum NotifyCommand {
    /// Send one test message on each channel that .env sets up; say what came of each and how long it took
    Test(TestArgs),
}

/// Arguments of `alphaflow notify test`.
#[derive(Debug, Args)]
#[command(after_help = "Example: alphaflow notify test --env .env\n\n\
    Channels: e-mail (SMTP_HOST, SMTP_PORT, SMTP_TLS=tls|starttls|none, SMTP_USERNAME, SMTP_PASSWORD, EMAIL_FROM, \
    EMAIL_TO), Slack (SLACK_WEBHOOK_URL) and a signed webhook (WEBHOOK_URL, WEBHOOK_SECRET; docs/webhook.md). \
    SMTP_CA_FILE, SLACK_CA_FILE and WEBHOOK_CA_FILE name the only authorities (PEM) that a private server is to be \
    verified by. Exit code 0: every channel delivered; 3: one did not; 2: a setting is wrong or none is there.")]
pub(super) struct TestArgs {
    /// File of settings, readable by you alone (chmod 600)
    #[arg(long, value_name = "FILE", default_value = ".env")]
    env: PathBuf,
    /// Folder to note the date in, for `preflight`
    #[arg(long, value_name = "DIR", default_value = "state")]
    state: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it. Errors: see the exit codes in the help.
pub(super) fn run(command: &NotifyCommand, out: &mut impl Write) -> Result<(), Failure> {
    let NotifyCommand::Test(args) = command;
    let wrong = |error: &dyn std::fmt::Display| Failure::Input(format!("error {error}"));
    let file = EnvFile::read(&args.env).map_err(|error| wrong(&error))?;
    let settings = file.with_environment(&NAMES, |name| env::var(name).ok()).map_err(|error| wrong(&error))?;
    let config = NotifyConfig::from_env(&settings, Banner::Test, "none").map_err(|error| wrong(&error))?;
    if config.channels().next().is_none() {
        return Err(Failure::Input(format!(
            "error {} sets up no channel; set SMTP_HOST, EMAIL_FROM and EMAIL_TO, or SLACK_WEBHOOK_URL, or WEBHOOK_URL \
             and WEBHOOK_SECRET",
            args.env.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let record = runtime.block_on(test_channels(config, person().as_str()));
    // A name that is still being looked up holds nobody.
    runtime.shutdown_background();
    let path = record.write(&args.state).map_err(|error| Failure::Machine(format!("error {error}")))?;
    match args.format {
        Format::Text => {
            record.channels.iter().try_for_each(|channel| writeln!(out, "{}", in_words(channel)))?;
            writeln!(out, "Noted in {}.", path.display())?;
        }
        Format::Json => writeln!(out, "{:#}", json!(record))?,
    }
    out.flush()?;
    verdict(&record)
}

fn in_words(tested: &TestedChannel) -> String {
    let TestedChannel { channel, place, delivered, took_ms, text } = tested;
    let what = if *delivered { "delivered in" } else { "NOT delivered after" };
    let seconds = *took_ms as f64 / 1_000.0;
    format!("{channel:<8} {what} {seconds:.2} s to {place}: {text}")
}

fn verdict(record: &TestRecord) -> Result<(), Failure> {
    if record.is_good() {
        return Ok(());
    }
    let silent: Vec<&str> =
        record.channels.iter().filter(|channel| !channel.delivered).map(|channel| channel.channel.as_str()).collect();
    Err(Failure::Check(format!(
        "error not delivered: {}; mend the settings or the server, and run `alphaflow notify test` again",
        silent.join(", ")
    )))
}
