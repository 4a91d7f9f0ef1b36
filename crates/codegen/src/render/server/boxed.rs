//! The twin of a trait that can be a trait object, so that the implementation is chosen at run time.
//!
//! Nobody implements it: it follows from the trait. A shared trait object implements the trait in turn.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::method::Method;
use crate::config::Serve;

pub(super) fn twin(serve: &Serve, error: &syn::Path, methods: &[Method<'_>]) -> TokenStream {
    let name = format_ident!("{}", serve.trait_name);
    let twin = format_ident!("Dyn{}", serve.trait_name);
    let intro = format!(
        " [`{name}`] as a trait object; `Arc<dyn {twin}>` implements [`{name}`]. Follows from [`{name}`] by itself."
    );
    let future = |method: &Method<'_>| {
        let output = &method.outcome.output;
        quote!(std::pin::Pin<Box<dyn Future<Output = Result<#output, #error>> + Send + 'a>>)
    };
    let declarations = methods.iter().map(|method| {
        let (method_name, future) = (&method.name, future(method));
        let (declared, _) = method.arguments();
        quote!(fn #method_name<'a>(&'a self, #(#declared),*) -> #future;)
    });
    let boxing = methods.iter().map(|method| {
        let (method_name, future) = (&method.name, future(method));
        let (declared, named) = method.arguments();
        quote! {
            fn #method_name<'a>(&'a self, #(#declared),*) -> #future {
                Box::pin(<Self as #name>::#method_name(self, #(#named),*))
            }
        }
    });
    let delegating = methods.iter().map(|method| {
        let method_name = &method.name;
        let output = &method.outcome.output;
        let (declared, named) = method.arguments();
        quote! {
            fn #method_name(
                &self,
                #(#declared),*
            ) -> impl Future<Output = Result<#output, #error>> + Send {
                <dyn #twin as #twin>::#method_name(&**self, #(#named),*)
            }
        }
    });
    quote! {
        #[doc = #intro]
        pub trait #twin: Send + Sync + 'static { #(#declarations)* }

        impl<T: #name> #twin for T { #(#boxing)* }

        impl #name for std::sync::Arc<dyn #twin> { #(#delegating)* }
    }
}
