//! Row: observations from columns, such as the exchanges of an API log; no JSON is built.
//! In: a schema (which column stands at which paths of which object) and one value a column. Out: an observation.
//! Invariant: a path that no column stands at has no value; looking one up costs a comparison of numbers a column.
//! Not here: which columns a log has (`engine`).

use crate::error::{SyntaxError, Undecided};
use crate::observation::{Observation, Span};
use crate::parse;
use crate::path::ObjectPath;
use crate::value::Value;

/// Which columns there are, and where a pattern finds them.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Type of each object.
    objects: Vec<String>,
    /// (path's number, object, column, path)
    places: Vec<(u64, usize, usize, ObjectPath)>,
    columns: usize,
}

impl Schema {
    /// No columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object, by its type; every row has it, be it without values.
    pub fn object(&mut self, object_type: &str) -> usize {
        self.objects.push(object_type.to_owned());
        self.objects.len() - 1
    }

    /// Adds a column; it stands nowhere yet.
    pub fn column(&mut self) -> usize {
        self.columns += 1;
        self.columns - 1
    }

    /// Says where a column stands: `path`, which begins with the type of `object`. A column may stand at many paths.
    ///
    /// # Errors
    /// When `path` is no object path, or not one of that object's type.
    pub fn place(&mut self, column: usize, object: usize, path: &str) -> Result<(), SyntaxError> {
        let parsed = parse::path(path)?;
        if self.objects.get(object).is_none_or(|kind| kind != parsed.object_type()) || column >= self.columns {
            return Err(SyntaxError::at(path, 0, "a path of that object's type", format!("`{path}`")));
        }
        self.places.push((parsed.key(), object, column, parsed));
        Ok(())
    }

    /// Every path that a pattern can ask for: for `reach`.
    pub fn paths(&self) -> impl Iterator<Item = &ObjectPath> {
        self.places.iter().map(|(.., path)| path)
    }

    /// One row; `values` has one value a column, in the order in which they were added. None: absent in this row.
    #[must_use]
    pub fn row<'a>(&'a self, span: Span, values: &'a [Option<Value<'a>>]) -> Row<'a> {
        Row { schema: self, span, values }
    }
}

impl Schema {
    pub(crate) fn objects(&self) -> &[String] {
        &self.objects
    }

    /// Shows what stands at a path, given what columns hold, until `visit` has seen enough; whether it has.
    pub(crate) fn look<'v>(
        &self,
        path: &ObjectPath,
        column: impl Fn(usize) -> Option<Value<'v>>,
        mut visit: impl FnMut(usize, &Value<'v>) -> bool,
    ) -> bool {
        let key = path.key();
        let mut places = self.places.iter().filter(|(known, .., at)| *known == key && at == path);
        places.any(|(_, object, at, _)| column(*at).is_some_and(|value| visit(*object, &value)))
    }
}

/// One row of columns, as an observation.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    schema: &'a Schema,
    span: Span,
    values: &'a [Option<Value<'a>>],
}

impl<'a> Row<'a> {
    fn value(&self, column: usize) -> Option<Value<'a>> {
        self.values.get(column).cloned().flatten()
    }
}

impl Observation for Row<'_> {
    fn span(&self) -> Span {
        self.span
    }

    fn objects(&self) -> usize {
        self.schema.objects.len()
    }

    fn object_type(&self, object: usize) -> &str {
        &self.schema.objects[object]
    }

    fn each(
        &self,
        object: usize,
        path: &ObjectPath,
        visit: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> Result<bool, Undecided> {
        Ok(self.schema.look(path, |at| self.value(at), |of, value| of == object && visit(value)))
    }

    fn find(&self, path: &ObjectPath, visit: &mut dyn FnMut(usize, &Value<'_>)) -> Result<(), Undecided> {
        self.schema.look(
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
