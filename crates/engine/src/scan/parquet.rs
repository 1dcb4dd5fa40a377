//! Parquet: native exchanges from Parquet files, read by the query engine's own scanner.
//! In: Parquet files. Out: data frames, one for each schema that occurs among the files.
//! Invariant: only the columns that the later plan uses are read; row groups are split over the cores.
//! Not here: mapping the columns onto the native schema (`native.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
    sync::Arc,
};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema, SchemaRef},
    datasource::{
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    },
    error::Result,
    prelude::{DataFrame, SessionContext},
};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    file::metadata::{ColumnChunkMetaData, ParquetMetaData},
};

use super::{error::ScanError, inputs::Input};

/// Files of one schema.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) schema: SchemaRef,
    /// The first file's place among the inputs.
    pub(crate) number: usize,
    pub(crate) files: Vec<Input>,
    /// Columns that the footers say are null throughout.
    pub(crate) absent: BTreeSet<String>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Reads the files' footers and groups them by schema, in input order.
pub(crate) fn group(files: &[(usize, Input)]) -> Result<Vec<Group>, ScanError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = BTreeMap::new();
    for (number, input) in files {
        let Footer { schema, rows, absent } = footer(&input.path, input.size)?;
        if rows == 0 {
            continue;
        }
        let key = format!("{:?}", schema.fields());
        let at = *known.entry(key).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group {
                schema,
                number: *number,
                files: Vec::new(),
                absent: absent.clone(),
                rows: 0,
                bytes: 0,
            });
        }
        let group = &mut groups[at];
        group.absent.retain(|column| absent.contains(column));
        group.files.push(input.clone());
        group.rows += rows;
        group.bytes += input.size;
    }
    Ok(groups)
}

/// What a file says of itself.
struct Footer {
    schema: SchemaRef,
    rows: u64,
    absent: BTreeSet<String>,
}

fn footer(path: &Path, size: u64) -> Result<Footer, ScanError> {
    let damaged = |why: String| ScanError::Damaged {
        path: path.to_owned(),
        byte: size,
        why: format!("not valid Parquet: {why}"),
    };
    let file = File::open(path)
        .map_err(|error| ScanError::Unreadable { path: path.to_owned(), why: super::cursor::plain(&error) })?;
    let footer =
        ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| damaged(error.to_string()))?;
    let rows = footer.metadata().file_metadata().num_rows().max(0) as u64;
    let fields: Vec<Field> = footer.schema().fields().iter().map(|field| viewed(field)).collect();
    Ok(Footer { schema: Arc::new(Schema::new(fields)), rows, absent: all_null(footer.metadata()) })
}

/// Columns without any value, by the statistics of the row groups. Without `time` and `account`, whose absence is an error.
fn all_null(metadata: &ParquetMetaData) -> BTreeSet<String> {
    let root = |column: &ColumnChunkMetaData| column.column_path().parts().first().cloned().unwrap_or_default();
    let chunks = || metadata.row_groups().iter().flat_map(|group| group.columns());
    let is_null = |column: &ColumnChunkMetaData| {
        let nulls = column.statistics().and_then(|statistics| statistics.null_count_opt());
        nulls.is_some_and(|nulls| nulls as i64 >= column.num_values())
    };
    let some: BTreeSet<String> = chunks().filter(|column| !is_null(column)).map(root).collect();
    let all: BTreeSet<String> = chunks().map(root).collect();
    all.into_iter().filter(|column| !some.contains(column) && column != "time" && column != "account").collect()
}

/// Texts are read as views, which are cheap to filter and to hand on.
fn viewed(field: &Field) -> Field {
    let kind = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    };
    Field::new(field.name(), kind, true)
}

/// Opens a group as a data frame with the files' own columns.
pub(crate) fn open(ctx: &SessionContext, group: &Group) -> Result<DataFrame> {
    let paths = group.files.iter().map(|input| url(&input.path)).collect::<Result<Vec<_>>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config =
        ListingTableConfig::new_with_multi_paths(paths).with_listing_options(options).with_schema(group.schema.clone());
    ctx.read_table(Arc::new(ListingTable::try_new(config)?))
}

/// A file's URL, in which no character of its name is taken for a wildcard.
pub(crate) fn url(path: &Path) -> Result<ListingTableUrl> {
    let absolute = std::path::absolute(path)?;
    let mut url = String::from("file://");
    for byte in absolute.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => url.push(byte as char),
            _ if byte.is_ascii_alphanumeric() => url.push(byte as char),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    ListingTableUrl::parse(url)
}
