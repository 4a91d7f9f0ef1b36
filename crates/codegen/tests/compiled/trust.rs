//! The hand-written side of the library: how requests are signed.

#[derive(Debug)]
pub(crate) enum Signature {
    Card,
    Desk,
    Nothing,
}

#[derive(Clone)]
pub(crate) struct Reader;

#[derive(Clone)]
pub(crate) struct Librarian;

#[derive(Clone)]
pub(crate) struct Anyone;
