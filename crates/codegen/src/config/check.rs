//! Checks the names of a configuration against its document, both ways.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::{DocumentConfig, Serve};
use crate::{
    model::{Document, Operation, Shape},
    place::Place,
};

impl DocumentConfig {
    pub(crate) fn check(&self, document: &Document, place: &Place) -> Result<()> {
        self.check_known(document, place)?;
        for operation in &document.operations {
            self.check_mentioned(operation, place)?;
        }
        for serve in &self.serve {
            self.check_tag(serve, document, place)?;
        }
        self.check_types(document, place)?;
        self.check_enumerations(document, place)
    }

    fn check_mentioned(&self, operation: &Operation, place: &Place) -> Result<()> {
        let id = operation.id.as_str();
        let traits = self.serve.iter();
        let traits = traits.filter(|serve| serve.operations.contains_key(id));
        let traits = traits.count();
        let generated = traits > 0 || self.calls(id);
        let elsewhere = self.elsewhere.contains_key(id);
        if !generated && !elsewhere {
            bail!(operation.place.refusal(format!(
                "is neither served nor called, and {place} does not say under [document.elsewhere] why"
            )));
        }
        if generated && elsewhere {
            bail!(place.refusal(format!(
                "[document.elsewhere] names `{id}`, which is also served or called"
            )));
        }
        if traits > 1 {
            bail!(place.refusal(format!("[[document.serve]]: two traits have `{id}`")));
        }
        Ok(())
    }

    fn check_known(&self, document: &Document, place: &Place) -> Result<()> {
        let served = self.serve.iter().flat_map(|serve| serve.operations.keys());
        let called = self.call.iter().flat_map(|call| &call.operations);
        let groups: [(&str, Vec<&String>); 3] = [
            ("[document.serve.operations]", served.collect()),
            ("[document.call] operations", called.collect()),
            ("[document.elsewhere]", self.elsewhere.keys().collect()),
        ];
        let known = || document.operations.iter().map(|known| known.id.as_str());
        for (group, ids) in groups {
            for id in ids {
                if !known().any(|known| known == id) {
                    return Err(place.within(group).unknown("operation", id, known()));
                }
            }
        }
        Ok(())
    }

    /// A name that stands for nothing would leave a type unmapped that somebody relies on.
    fn check_types(&self, document: &Document, place: &Place) -> Result<()> {
        for name in self.types.keys() {
            if !document.schemas.contains_key(name) {
                let known = document.schemas.keys().map(String::as_str);
                return Err(place.within("[document.types]").unknown(
                    "or unused schema",
                    name,
                    known,
                ));
            }
        }
        Ok(())
    }

    fn check_enumerations(&self, document: &Document, place: &Place) -> Result<()> {
        for name in &self.case_insensitive {
            let place = place.within("case_insensitive");
            let Some(Shape::Enumeration(values)) =
                document.schemas.get(name).map(|schema| &schema.shape)
            else {
                let enumerations = document.schemas.iter().filter_map(|(name, schema)| {
                    matches!(schema.shape, Shape::Enumeration(_)).then_some(name.as_str())
                });
                return Err(place.unknown("enumeration", name, enumerations));
            };
            let folded: BTreeSet<String> = values
                .iter()
                .map(|value| value.to_ascii_lowercase())
                .collect();
            if folded.len() != values.len() {
                bail!(place.refusal(format!("values of `{name}` differ in letter case only")));
            }
        }
        Ok(())
    }

    /// A trait with a tag has exactly the operations with that tag, so that a new edition's operation finds its trait.
    fn check_tag(&self, serve: &Serve, document: &Document, place: &Place) -> Result<()> {
        let Some(tag) = &serve.tag else { return Ok(()) };
        let place = place.within(format!("trait `{}`", serve.trait_name));
        let tagged = |operation: &Operation| operation.tags.contains(tag);
        if !document.operations.iter().any(tagged) {
            let known = document
                .operations
                .iter()
                .flat_map(|operation| &operation.tags);
            return Err(place.unknown("tag", tag, known.map(String::as_str)));
        }
        for operation in &document.operations {
            let id = &operation.id;
            match (tagged(operation), serve.operations.contains_key(id)) {
                (true, false) if !self.elsewhere.contains_key(id) => bail!(place.refusal(format!(
                    "the document tags `{id}` with `{tag}`, but the trait does not have it"
                ))),
                (false, true) => bail!(place.refusal(format!(
                    "has `{id}`, which the document does not tag with `{tag}`"
                ))),
                _ => {}
            }
        }
        Ok(())
    }
}
