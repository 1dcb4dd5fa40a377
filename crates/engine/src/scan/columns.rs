//! Columns: the native schema, the one shape in which every source's exchanges leave the scan.
//! In: nothing. Out: `Column`, its Arrow type, `schema`.
//! Invariant: the order is that of `ALL` and never depends on the input.
//! Not here: the keys under which other sources keep these things (`sources/*.sql`).

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An instant, microseconds, UTC.
    Time,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// Yes or no.
    Flag,
    /// A list of texts.
    List,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident $what:literal;)*) => {
        /// A column of the native schema.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Column { $(#[doc = $what] $variant,)* }

        impl Column {
            /// All columns, in the order of the schema.
            pub const ALL: [Column; [$($name),*].len()] = [$(Column::$variant),*];

            /// The column's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the column holds.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// The column of that name.
            pub fn named(name: &str) -> Option<Column> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

columns! {
    Time "time" Time "When the request arrived.";
    Account "account" Text "Billing or ban identity.";
    Organization "organization" Text "Organisation.";
    ApiKey "api_key" Text "API key, opaque.";
    Session "session" Text "Session or conversation.";
    Ip "ip" Text "Network address of the caller.";
    Asn "asn" Integer "Autonomous system number of the address.";
    Country "country" Text "Country of the address.";
    UserAgent "user_agent" Text "HTTP user agent.";
    TlsJa4 "tls_ja4" Text "TLS client fingerprint.";
    Model "model" Text "Model asked for.";
    System "system" Text "System prompt.";
    Prompt "prompt" Text "Last user turn.";
    CompletionBytes "completion_bytes" Integer "Length of the response text in bytes.";
    InputTokens "input_tokens" Integer "Tokens of the request.";
    OutputTokens "output_tokens" Integer "Tokens of the response.";
    ReasoningTokens "reasoning_tokens" Integer "Reasoning tokens of the response.";
    Tools "tools" List "Names of the tools offered.";
    Access "access" Text "Access path: direct, cloud, aggregator, subscription.";
    EndUser "end_user" Text "The user that an aggregator passes through.";
    Status "status" Integer "HTTP status of the answer.";
    Refusal "refusal" Flag "The model or a safeguard refused.";
    ReasoningMinted "reasoning_minted" List "Hashes of reasoning tokens that the response handed out.";
    ReasoningPresented "reasoning_presented" List "Hashes of reasoning tokens that the request handed in.";
    Stream "stream" Flag "The answer was streamed.";
    Batch "batch" Flag "The request came through a batch endpoint.";
    Temperature "temperature" Float "Sampling temperature.";
    MaxTokens "max_tokens" Integer "Output limit asked for.";
    StopReason "stop_reason" Text "Why the answer ended.";
}

impl Column {
    /// The column's place in the schema.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The column as one bit of a set.
    pub(crate) const fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl Kind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Text => DataType::Utf8View,
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Flag => DataType::Boolean,
            Kind::List => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, true))),
        }
    }
}

/// The native schema. Every column is declared nullable (a union over files cannot promise more), but `time` and
/// `account` never are null in what the scan gives.
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |column: Column| Field::new(column.name(), column.kind().data_type(), true);
        Arc::new(Schema::new(Column::ALL.map(field).to_vec()))
    });
    SCHEMA.clone()
}
