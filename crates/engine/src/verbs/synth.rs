//! Synth: synthetic traffic with a known truth.
//! In: a plan. Out: traffic, accounts and truth in a folder.
//! Invariant: the same plan makes the same bytes; memory doesn't grow with the number of exchanges.
//! Not here: what is made (`stillwatch_synth`).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args as ClapArgs, ValueEnum};
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use stillwatch_model::Exchange;
use stillwatch_synth::{Plan, World};

use crate::ending::Held;

use super::stage::Stage;
use super::{Exit, Failure, file_failure};

/// Arguments of `synth`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch synth --out traffic/                                    a week, 2,000 honest accounts, the default campaigns
  stillwatch synth --out big/ --format parquet --exchanges 20000000 --honest 100000
  stillwatch synth --out mine/ --plan plan.json                      a plan of your own
  stillwatch synth --print-plan > plan.json                          the plan to start from")]
pub struct Args {
    /// The folder to write traffic, accounts.jsonl and truth.jsonl to
    #[arg(long, value_name = "DIR", required_unless_present = "print_plan")]
    out: Option<PathBuf>,
    /// A plan, JSON
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A plan to start from
    #[arg(long, value_enum, default_value_t = Preset::Default, conflicts_with = "plan")]
    preset: Preset,
    /// Print the plan and make nothing
    #[arg(long)]
    print_plan: bool,
    /// The seed of everything
    #[arg(long)]
    seed: Option<u64>,
    /// Days
    #[arg(long)]
    days: Option<u32>,
    /// Honest accounts, about
    #[arg(long, value_name = "N")]
    honest: Option<u32>,
    /// Exchanges in all, about
    #[arg(long, value_name = "N")]
    exchanges: Option<u64>,
    /// How traffic is written
    #[arg(long, value_enum, default_value_t = Written::Jsonl)]
    format: Written,
}

/// Plans to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// A week of 2,000 honest accounts and every shape of campaign
    Default,
    /// A small week with a few campaigns
    Demo,
    /// No campaigns
    Quiet,
}

/// Forms of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// JSON lines
    Jsonl,
    /// Parquet
    Parquet,
}

/// Runs the verb.
///
/// # Errors
/// When the plan can't be read or the folder can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut plan = match (&args.plan, args.preset) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|e| file_failure("read", path, &e))?;
            serde_json::from_str(&text).map_err(|e| {
                Failure::new(format!("{}: {e}", path.display()), "start from `stillwatch synth --print-plan`")
            })?
        }
        (None, Preset::Default) => Plan::default(),
        (None, Preset::Demo) => Plan::demo(),
        (None, Preset::Quiet) => Plan::quiet(),
    };
    plan.seed = args.seed.unwrap_or(plan.seed);
    plan.days = args.days.unwrap_or(plan.days);
    plan.honest_accounts = args.honest.unwrap_or(plan.honest_accounts);
    plan.exchanges = args.exchanges.or(plan.exchanges);
    if args.print_plan {
        let text =
            serde_json::to_string_pretty(&plan).map_err(|e| Failure::new(e.to_string(), "report this as a bug"))?;
        super::output::print(&(text + "\n"))?;
        return Ok(Exit::Done);
    }
    let Some(out) = &args.out else { return Err(Failure::new("no folder to write to", "name one with `--out`")) };
    std::fs::create_dir_all(out).map_err(|e| file_failure("make", out, &e))?;
    let world = stillwatch_synth::accounts(&plan);
    let others = [
        (out.join("accounts.jsonl"), lines(&out.join("accounts.jsonl"), world.accounts().iter())?),
        (out.join("truth.jsonl"), lines(&out.join("truth.jsonl"), world.truth().iter())?),
    ];
    let stage = Stage::begin("write traffic");
    let traffic = out.join(match args.format {
        Written::Jsonl => "traffic.jsonl",
        Written::Parquet => "traffic.parquet",
    });
    let failed = |e: &dyn std::fmt::Display| file_failure("write", &traffic, e);
    let part = super::output::beside(&traffic);
    let bar = super::progress::Bar::spin("writing traffic");
    let written = match args.format {
        Written::Jsonl => jsonl(&world, part.path()).map_err(|e| failed(&e))?,
        Written::Parquet => parquet(&world, part.path()).map_err(|e| failed(&e))?,
    };
    part.keep(&traffic).map_err(|e| failed(&e))?;
    for (path, part) in others {
        part.keep(&path).map_err(|e| file_failure("write", &path, &e))?;
    }
    drop(bar);
    stage.end(written);
    super::say(&format!("wrote {written} exchanges of {} accounts to {}", world.accounts().len(), out.display()));
    Ok(Exit::Done)
}

/// Writes one object a line, to a file that has its name only when it is kept.
fn lines<T: serde::Serialize>(path: &Path, rows: impl Iterator<Item = T>) -> Result<Held, Failure> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, &row).map_err(|e| file_failure("write", path, &e))?;
        text.push(b'\n');
    }
    let part = super::output::beside(path);
    std::fs::write(part.path(), &text).map_err(|e| file_failure("write", path, &e))?;
    Ok(part)
}

fn jsonl(world: &World, path: &Path) -> std::io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut exchange, mut all, mut written) = (Exchange::default(), world.exchanges(), 0);
    while all.fill(&mut exchange) {
        serde_json::to_writer(&mut out, &exchange)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    out.flush()?;
    Ok(written)
}

fn parquet(world: &World, path: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    const ROWS: u64 = 8192;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 17))
        .build();
    let mut columns = Columns::default();
    let mut writer = ArrowWriter::try_new(File::create(path)?, Columns::schema(), Some(properties))?;
    let (mut exchange, mut all, mut written) = (Exchange::default(), world.exchanges(), 0);
    while all.fill(&mut exchange) {
        columns.push(&exchange)?;
        written += 1;
        if written % ROWS == 0 {
            writer.write(&columns.batch()?)?;
        }
    }
    writer.write(&columns.batch()?)?;
    writer.close()?;
    Ok(written)
}

/// Arrow builders of the native columns that synthetic traffic fills.
#[derive(Default)]
struct Columns {
    time: TimestampMicrosecondBuilder,
    texts: [StringBuilder; 11],
    numbers: [Int64Builder; 5],
    flags: [BooleanBuilder; 3],
    temperature: Float64Builder,
    lists: [ListBuilder<StringBuilder>; 3],
}

impl Columns {
    const TEXTS: [&'static str; 11] = [
        "account",
        "organization",
        "session",
        "ip",
        "user_agent",
        "tls_ja4",
        "model",
        "system",
        "prompt",
        "access",
        "end_user",
    ];
    const NUMBERS: [&'static str; 5] = ["input_tokens", "output_tokens", "reasoning_tokens", "status", "max_tokens"];
    const FLAGS: [&'static str; 3] = ["refusal", "stream", "batch"];
    const LISTS: [&'static str; 3] = ["tools", "reasoning_minted", "reasoning_presented"];

    fn schema() -> SchemaRef {
        let mut fields = vec![Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)];
        fields.extend(Self::TEXTS.map(|n| Field::new(n, DataType::Utf8, true)));
        fields.extend(Self::NUMBERS.map(|n| Field::new(n, DataType::Int64, true)));
        fields.extend(Self::FLAGS.map(|n| Field::new(n, DataType::Boolean, true)));
        fields.push(Field::new("temperature", DataType::Float64, true));
        let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
        fields.extend(Self::LISTS.map(|n| Field::new(n, DataType::List(Arc::clone(&item)), true)));
        Arc::new(Schema::new(fields))
    }

    fn push(&mut self, e: &Exchange) -> Result<(), Box<dyn std::error::Error>> {
        self.time.append_value(e.time.parse::<jiff::Timestamp>()?.as_microsecond());
        let account = Some(e.account.as_str());
        let prompt = e
            .prompt
            .as_deref()
            .or_else(|| e.messages.as_ref()?.iter().rev().find(|m| m.role == "user").map(|m| m.content.as_str()));
        let texts =
            [&e.organization, &e.session, &e.ip, &e.user_agent, &e.tls_ja4, &e.model, &e.system].map(|t| t.as_deref());
        let rest = [prompt, e.access.as_deref(), e.end_user.as_deref()];
        for (builder, value) in self.texts.iter_mut().zip([account].into_iter().chain(texts).chain(rest)) {
            builder.append_option(value);
        }
        for (builder, value) in
            self.numbers.iter_mut().zip([e.input_tokens, e.output_tokens, e.reasoning_tokens, e.status, e.max_tokens])
        {
            builder.append_option(value);
        }
        for (builder, value) in self.flags.iter_mut().zip([e.refusal, e.stream, e.batch]) {
            builder.append_option(value);
        }
        self.temperature.append_option(e.temperature);
        for (builder, values) in self.lists.iter_mut().zip([&e.tools, &e.reasoning_minted, &e.reasoning_presented]) {
            for value in values.iter().flatten() {
                builder.values().append_value(value);
            }
            builder.append(values.is_some());
        }
        Ok(())
    }

    fn batch(&mut self) -> Result<RecordBatch, Box<dyn std::error::Error>> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.time.finish().with_timezone("UTC"))];
        columns.extend(self.texts.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef));
        columns.extend(self.numbers.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef));
        columns.extend(self.flags.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef));
        columns.push(Arc::new(self.temperature.finish()));
        columns.extend(self.lists.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef));
        Ok(RecordBatch::try_new(Self::schema(), columns)?)
    }
}
