//! What a schema demands of a value beyond its type.

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) max_length: Option<u64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) max_properties: Option<u64>,
    pub(crate) min_properties: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

impl Limits {
    /// Takes over the limits of what is inside; says which limit would mean something else on this level.
    pub(crate) fn adopt(&mut self, inner: Limits) -> Result<(), &'static str> {
        let containers = [
            (inner.max_items.is_some(), "maxItems"),
            (inner.min_items.is_some(), "minItems"),
            (inner.unique_items, "uniqueItems"),
            (inner.max_properties.is_some(), "maxProperties"),
            (inner.min_properties.is_some(), "minProperties"),
        ];
        if let Some((_, limit)) = containers.into_iter().find(|(given, _)| *given) {
            return Err(limit);
        }
        self.max_length = inner.max_length;
        self.min_length = inner.min_length;
        self.pattern = inner.pattern;
        self.minimum = inner.minimum;
        self.maximum = inner.maximum;
        self.multiple_of = inner.multiple_of;
        Ok(())
    }
}
