//! Reading rows by the names of their columns.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{ColumnError, RowError};

/// Declares a row of either database; `..name: Row` takes in the columns of another.
///
/// `sqlx::FromRow` can be derived too, but the crate of that macro compiles sqlx and SQLite a second time.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
            $(..$inner:ident: $inner_type:ty,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)*
            $(pub(crate) $inner: $inner_type,)?
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            f64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            Vec<u8>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: $crate::row::column_value(row, stringify!($field))?,)*
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                })
            }
        }
    };
}
pub(crate) use row;

/// Reads a column. One that cannot be decoded names its row, which is then repaired.
pub(crate) fn column_value<'r, R, T>(row: &'r R, column: &'static str) -> sqlx::Result<T>
where
    R: Row,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    T: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(column).map_err(|error| match (error, row.try_get("id")) {
        (sqlx::Error::ColumnDecode { source, .. }, Ok(id)) => {
            RowError { id, column, source: ColumnError::Undecodable(source) }.into()
        }
        (error, _) => error,
    })
}
