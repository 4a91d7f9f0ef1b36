//! What a served operation takes: a struct of its parameters, and its body.

use anyhow::{Result, bail};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{runtime, types};
use crate::{
    model::{Body, Document, Location, Operation, Parameter, Usage},
    names,
    render::{default_tokens, docs, limits, option, type_tokens},
};

#[derive(Default)]
pub(super) struct Input {
    /// Items beside the trait: the struct of the parameters, functions of defaults.
    pub(super) items: TokenStream,
    /// Arguments of the trait method, after the context.
    pub(super) declared: Vec<TokenStream>,
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
            input.add_body(body)?;
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
        for parameter in &operation.parameters {
            let ident = names::field_ident(&parameter.name);
            let ty = self.add_parameter(document, operation, parameter, &ident)?;
            let docs = docs::optional(parameter.description.as_ref());
            fields.push(quote!(#docs pub #ident: #ty));
            values.push(quote!(#ident: #ident.0));
        }
        let name = format_ident!("{}Params", names::type_name(&operation.id));
        let intro = format!(" Parameters of [`{link}`].");
        self.items.extend(quote! {
            #[doc = #intro]
            #[derive(Debug, Clone)]
            pub struct #name { #(#fields),* }
        });
        self.declared.push(quote!(params: #name));
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
        oai.extend(limits::validator(&usage.limits));
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

    fn add_body(&mut self, body: &Body) -> Result<()> {
        let (usage, is_form) = parsed_content(body)?;
        let runtime = runtime();
        let mut ty = type_tokens(&usage.ty, &types());
        if is_form {
            if !body.required {
                bail!(
                    body.place
                        .refusal("a form that may be absent is not supported")
                );
            }
            self.extracted
                .push(quote!(the_body: poem_openapi::payload::Form<#ty>));
            self.checks = quote!(let the_body = #runtime::checked(&the_body.0)?;);
            self.passed.push(quote!(the_body));
        } else {
            if !body.required {
                ty = option(&ty);
            }
            self.extracted
                .push(quote!(the_body: poem_openapi::payload::Json<#ty>));
            self.passed.push(quote!(the_body.0));
        }
        self.declared.push(quote!(body: #ty));
        Ok(())
    }
}

/// The content that the handler gets typed. `application/jwt` beside JSON is the same content signed: the guard unwraps it.
fn parsed_content(body: &Body) -> Result<(&Usage, bool)> {
    let mut parsed = None;
    for (media, usage) in &body.content {
        match (media.as_str(), usage) {
            ("application/jwt", _) => {}
            ("application/json", Some(usage)) if parsed.is_none() => parsed = Some((usage, false)),
            ("application/x-www-form-urlencoded", Some(usage)) if parsed.is_none() => {
                parsed = Some((usage, true));
            }
            (_, Some(_)) if parsed.is_some() => {
                bail!(
                    body.place
                        .refusal(format!("`{media}` beside another type is not supported"))
                );
            }
            (_, None) if media.starts_with("application/") && parsed.is_none() => {
                bail!(
                    body.place
                        .refusal(format!("`{media}` is not supported or has no schema"))
                );
            }
            _ => bail!(body.place.refusal(format!("`{media}` is not supported"))),
        }
    }
    parsed.ok_or_else(|| {
        let reason =
            "`application/jwt` needs `application/json` beside it, whose schema types the payload";
        body.place.refusal(reason)
    })
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
