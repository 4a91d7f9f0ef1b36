//! What a served operation takes: a struct of its parameters, and its body.

use anyhow::{Result, bail};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{answer::text_payload, runtime, types};
use crate::{
    model::{Body, Document, Location, Operation, Parameter, Type, Usage, is_text},
    names,
    render::{default_tokens, docs, limited, limits, option, secret, type_tokens},
};

#[derive(Default)]
pub(super) struct Input {
    /// The struct of the parameters.
    pub(super) params: TokenStream,
    /// What the route needs: functions of defaults, limits of the body.
    pub(super) items: TokenStream,
    /// Arguments of the trait method, after the context, and their names.
    pub(super) declared: Vec<TokenStream>,
    pub(super) names: Vec<Ident>,
    /// Arguments of the route, which poem-openapi extracts.
    pub(super) extracted: Vec<TokenStream>,
    /// What the route passes on to the trait method.
    pub(super) passed: Vec<TokenStream>,
    /// Statements that the route executes before.
    pub(super) checks: TokenStream,
}

impl Input {
    pub(super) fn new(document: &Document, operation: &Operation, link: &str) -> Result<Self> {
        refuse_same_field(operation)?;
        let mut input = Self::default();
        input.add_parameters(document, operation, link)?;
        if let Some(body) = &operation.body {
            input.add_body(document, operation, body)?;
        }
        Ok(input)
    }

    fn add_parameters(
        &mut self,
        document: &Document,
        operation: &Operation,
        link: &str,
    ) -> Result<()> {
        if operation.parameters.is_empty() {
            return Ok(());
        }
        let mut fields = Vec::new();
        let mut values = Vec::new();
        let mut shown = Vec::new();
        for parameter in &operation.parameters {
            let ident = names::field_ident(&parameter.name);
            let ty = self.add_parameter(document, operation, parameter, &ident)?;
            let docs = docs::optional(parameter.description.as_ref());
            fields.push(quote!(#docs pub #ident: #ty));
            values.push(quote!(#ident: #ident.0));
            shown.push(secret::Field {
                name: ident,
                secret: parameter.usage.secret,
            });
        }
        let name = format_ident!("{}Params", names::type_name(&operation.id));
        let intro = format!(" Parameters of [`{link}`].");
        let secret::Debug { derive, by_hand } = secret::of_struct(&name, &shown);
        self.params.extend(quote! {
            #[doc = #intro]
            #[derive(#derive Clone)]
            pub struct #name { #(#fields),* }
            #by_hand
        });
        self.declared.push(quote!(params: #name));
        self.names.push(format_ident!("params"));
        self.passed.push(quote!(#name { #(#values),* }));
        Ok(())
    }

    /// Adds the extractor of one parameter and returns the type of its field.
    fn add_parameter(
        &mut self,
        document: &Document,
        operation: &Operation,
        parameter: &Parameter,
        ident: &Ident,
    ) -> Result<TokenStream> {
        let Parameter {
            name, usage, place, ..
        } = parameter;
        let extractor = match parameter.location {
            Location::Cookie => bail!(place.refusal("cookie parameters are not supported")),
            Location::Header => quote!(poem_openapi::param::Header),
            Location::Path => quote!(poem_openapi::param::Path),
            Location::Query => quote!(poem_openapi::param::Query),
        };
        let mut oai = vec![quote!(name = #name)];
        oai.extend(limits::validator(document, usage, place)?);
        let mut ty = type_tokens(&usage.ty, &types());
        if let Some(default) = default_tokens(document, usage, &types(), place)? {
            let function = format_ident!(
                "default_{}_{}",
                names::field_name(&operation.id),
                names::field_name(name)
            );
            let path = function.to_string();
            oai.push(quote!(default = #path));
            self.items
                .extend(quote!(fn #function() -> #ty { #default }));
        } else if !parameter.required {
            ty = option(&ty);
        }
        self.extracted
            .push(quote!(#[oai(#(#oai),*)] #ident: #extractor<#ty>));
        Ok(ty)
    }

    fn add_body(&mut self, document: &Document, operation: &Operation, body: &Body) -> Result<()> {
        let runtime = runtime();
        let (ty, extractor) = match parsed_content(body)? {
            Parsed::Form(usage) => {
                if !body.required {
                    let reason = "a form that may be absent is not supported";
                    bail!(body.place.refusal(reason));
                }
                self.checks = quote!(let the_body = #runtime::checked(&the_body)?;);
                let ty = type_tokens(&usage.ty, &types());
                let extractor = quote!(poem_openapi::payload::Form<#ty>);
                (ty, extractor)
            }
            Parsed::Json(usage) => {
                let name = format_ident!("{}BodyLimits", names::type_name(&operation.id));
                let limits = limited::item(document, usage, &name, &types(), &body.place)?;
                if limits.is_some() {
                    let within = quote!(#runtime::within::<_, #name>(&the_body));
                    self.checks = quote!(let the_body = #within?.value;);
                }
                self.items.extend(limits);
                let mut ty = type_tokens(&usage.ty, &types());
                if !body.required || usage.nullable {
                    ty = option(&ty);
                }
                let extractor = quote!(#runtime::JsonBody<#ty>);
                (ty, extractor)
            }
            Parsed::Text("text/plain") => (
                quote!(String),
                quote!(poem_openapi::payload::PlainText<String>),
            ),
            Parsed::Text(media) => (quote!(String), text_payload(media)),
        };
        if !body.required && !self.checks.is_empty() {
            let reason = "limits of a body that may be absent are not supported";
            bail!(body.place.refusal(reason));
        }
        self.extracted.push(quote!(the_body: #extractor));
        self.checks = {
            let checks = &self.checks;
            quote!(let the_body = the_body.0; #checks)
        };
        self.passed.push(quote!(the_body));
        self.declared.push(quote!(body: #ty));
        self.names.push(format_ident!("body"));
        Ok(())
    }
}

/// The content that a handler gets.
enum Parsed<'a> {
    Form(&'a Usage),
    Json(&'a Usage),
    /// Of this media type.
    Text(&'a str),
}

/// `application/jwt` beside JSON is the same content signed: the guard unwraps it, and the handler gets the JSON.
fn parsed_content(body: &Body) -> Result<Parsed<'_>> {
    let signed = |media: &str| media == "application/jwt";
    let unsigned: Vec<_> = body
        .content
        .iter()
        .filter(|(media, _)| !signed(media) || body.content.len() == 1)
        .collect();
    let [(media, usage)] = unsigned.as_slice() else {
        let [_, (second, _), ..] = unsigned.as_slice() else {
            return Err(body.place.refusal("offers no media type"));
        };
        bail!(
            body.place
                .refusal(format!("`{second}` beside another type is not supported"))
        );
    };
    match (media.as_str(), usage) {
        ("application/json", Some(usage)) => Ok(Parsed::Json(usage)),
        ("application/x-www-form-urlencoded", Some(usage)) => Ok(Parsed::Form(usage)),
        (media, Some(usage)) if is_text(media) && usage.ty == Type::String => {
            if usage.limits != crate::model::Limits::default() || !body.required {
                let reason = "limits of a text, or one that may be absent, are not supported";
                bail!(body.place.refusal(reason));
            }
            Ok(Parsed::Text(media))
        }
        (media, _) => Err(body
            .place
            .refusal(format!("`{media}` is not supported or has no schema"))),
    }
}

fn refuse_same_field(operation: &Operation) -> Result<()> {
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let name = names::field_name(&parameter.name);
        let mut earlier = operation.parameters[..index].iter();
        if let Some(earlier) = earlier.find(|earlier| names::field_name(&earlier.name) == name) {
            let reason = format!("has the same Rust name as the parameter `{}`", earlier.name);
            return Err(parameter.place.refusal(reason));
        }
    }
    Ok(())
}
