//! Exchange: one request to a model, as patterns see it.
//! In: address, autonomous system, client, time, and what extensions name. Out: an observation; no text is copied.
//! Invariant: where something stands is what `stix` writes into STIX: an address, its autonomous system, and traffic that comes from it.
//! Not here: where logs keep these (`engine`), what the extensions are (`stix`).

use std::net::IpAddr;

use crate::error::{SyntaxError, Undecided};
use crate::observation::{Observation, Span};
use crate::path::ObjectPath;
use crate::row::Schema;
use crate::value::Value;

/// One exchange; what is unknown is none, and matches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exchange<'a> {
    /// When, in microseconds since 1970.
    pub micros: i64,
    /// Where from, as its shortest text; `address` makes it.
    pub address: Option<&'a str>,
    /// Whether `address` is an IPv6 address.
    pub is_v6: bool,
    /// Autonomous system of the address.
    pub asn: Option<u32>,
    /// HTTP user agent.
    pub user_agent: Option<&'a str>,
    /// Values of the extensions, in the order in which `Exchanges::new` was given their paths.
    pub extensions: &'a [Option<Value<'a>>],
}

/// An address as patterns compare it: its shortest text (STIX 2.1, 6.11 and 6.12), without a prefix length; IPv4 in IPv6 is IPv4.
#[must_use]
pub fn address(text: &str) -> Option<(String, bool)> {
    let address = text.parse::<IpAddr>().ok()?.to_canonical();
    Some((address.to_string(), address.is_ipv6()))
}

/// Where the parts of an exchange stand.
#[derive(Debug, Clone)]
pub struct Exchanges {
    schema: Schema,
}

/// An exchange at its places: an observation.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    places: &'a Exchanges,
    exchange: Exchange<'a>,
}

/// Where the user agent stands; names of HTTP headers have no case, so it is looked for under both usual spellings.
const AGENTS: [&str; 2] = [
    "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
    "network-traffic:extensions.'http-request-ext'.request_header.'user-agent'",
];

/// What a column holds; extensions come after.
#[derive(Debug, Clone, Copy)]
enum Column {
    V4,
    V4System,
    V6,
    V6System,
    Address,
    AddressType,
    System,
    UserAgent,
}

const COLUMNS: [Column; 8] = [
    Column::V4,
    Column::V4System,
    Column::V6,
    Column::V6System,
    Column::Address,
    Column::AddressType,
    Column::System,
    Column::UserAgent,
];

impl Exchanges {
    /// Knows the standard places. `extensions`: paths of what STIX has no property for, such as `network-traffic:extensions.'extension-definition--…'.ja4`;
    /// those that begin with `network-traffic:` can be asked for together with the address and the user agent.
    ///
    /// # Errors
    /// When one of them is no object path.
    pub fn new(extensions: &[&str]) -> Result<Self, SyntaxError> {
        let mut schema = Schema::new();
        let (v4, v6) = (schema.object("ipv4-addr"), schema.object("ipv6-addr"));
        let (system, traffic) = (schema.object("autonomous-system"), schema.object("network-traffic"));
        for kind in COLUMNS {
            let column = schema.column();
            match kind {
                Column::V4 => schema.place(column, v4, "ipv4-addr:value")?,
                Column::V4System => schema.place(column, v4, "ipv4-addr:belongs_to_refs[*].number")?,
                Column::V6 => schema.place(column, v6, "ipv6-addr:value")?,
                Column::V6System => schema.place(column, v6, "ipv6-addr:belongs_to_refs[*].number")?,
                Column::Address => schema.place(column, traffic, "network-traffic:src_ref.value")?,
                Column::AddressType => schema.place(column, traffic, "network-traffic:src_ref.type")?,
                Column::System => {
                    schema.place(column, system, "autonomous-system:number")?;
                    schema.place(column, traffic, "network-traffic:src_ref.belongs_to_refs[*].number")?;
                }
                Column::UserAgent => {
                    AGENTS.iter().try_for_each(|path| schema.place(column, traffic, path))?;
                }
            }
        }
        for path in extensions {
            let column = schema.column();
            let kind = crate::parse::path(path)?.object_type().to_owned();
            let object = if kind == "network-traffic" { traffic } else { schema.object(&kind) };
            schema.place(column, object, path)?;
        }
        Ok(Self { schema })
    }

    /// The schema: its paths are what `reach` asks for.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// An exchange as an observation.
    #[must_use]
    pub fn seen<'a>(&'a self, exchange: Exchange<'a>) -> Seen<'a> {
        Seen { places: self, exchange }
    }
}

impl<'a> Seen<'a> {
    fn value(&self, column: usize) -> Option<Value<'a>> {
        let Exchange { address, is_v6, asn, user_agent, extensions, .. } = self.exchange;
        let system = asn.map(|number| Value::Int(i64::from(number)));
        match COLUMNS.get(column) {
            Some(Column::V4) => address.filter(|_| !is_v6).map(Value::Text),
            Some(Column::V4System) => address.filter(|_| !is_v6).and(system),
            Some(Column::V6) => address.filter(|_| is_v6).map(Value::Text),
            Some(Column::V6System) => address.filter(|_| is_v6).and(system),
            Some(Column::Address) => address.map(Value::Text),
            Some(Column::AddressType) => address.map(|_| Value::Text(if is_v6 { "ipv6-addr" } else { "ipv4-addr" })),
            Some(Column::System) => system,
            Some(Column::UserAgent) => user_agent.map(Value::Text),
            None => extensions.get(column - COLUMNS.len()).cloned().flatten(),
        }
    }
}

impl Observation for Seen<'_> {
    fn span(&self) -> Span {
        Span::at(self.exchange.micros)
    }

    fn objects(&self) -> usize {
        self.places.schema.objects().len()
    }

    fn object_type(&self, object: usize) -> &str {
        &self.places.schema.objects()[object]
    }

    fn each(
        &self,
        object: usize,
        path: &ObjectPath,
        visit: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> Result<bool, Undecided> {
        Ok(self.places.schema.look(path, |at| self.value(at), |of, value| of == object && visit(value)))
    }

    fn find(&self, path: &ObjectPath, visit: &mut dyn FnMut(usize, &Value<'_>)) -> Result<(), Undecided> {
        self.places.schema.look(
            path,
            |at| self.value(at),
            |object, value| {
                visit(object, value);
                false
            },
        );
        Ok(())
    }
}
