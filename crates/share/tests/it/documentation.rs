//! The page that explains the format holds what the code makes.
