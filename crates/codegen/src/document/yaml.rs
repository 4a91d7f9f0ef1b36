//! YAML to JSON without loss of order, with duplicate keys refused and `200:` as good as `"200":`.

use anyhow::{Context, Result};
use serde_json::{Map, Number, Value};
use serde_yaml_ng::Value as Yaml;

use crate::place::Place;

pub(super) fn parse(text: &str, place: &Place) -> Result<Value> {
    let yaml: Yaml =
        serde_yaml_ng::from_str(text).with_context(|| place.refusal("is not valid YAML"))?;
    to_json(yaml, place)
}

fn to_json(yaml: Yaml, place: &Place) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => Value::Number(to_number(&number, place)?),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| to_json(item, &place.within(format!("[{index}]"))))
                .collect::<Result<_>>()?,
        ),
        Yaml::Mapping(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| member(key, value, place))
                .collect::<Result<Map<_, _>>>()?,
        ),
        Yaml::Tagged(tagged) => {
            return Err(place.refusal(format!("the YAML tag `{}` is not supported", tagged.tag)));
        }
    })
}

fn member(key: Yaml, value: Yaml, place: &Place) -> Result<(String, Value)> {
    let key = match key {
        Yaml::String(text) => text,
        Yaml::Number(number) => number.to_string(),
        Yaml::Bool(flag) => flag.to_string(),
        _ => return Err(place.refusal("a key must be a text or a number")),
    };
    let value = to_json(value, &place.within(key.as_str()))?;
    Ok((key, value))
}

fn to_number(number: &serde_yaml_ng::Number, place: &Place) -> Result<Number> {
    let integer = number
        .as_u64()
        .map(Number::from)
        .or_else(|| number.as_i64().map(Number::from));
    integer
        .or_else(|| number.as_f64().and_then(Number::from_f64))
        .ok_or_else(|| place.refusal(format!("`{number}` is not a JSON number")))
}
