//! Columns by JMESPath, where the names that nesting gives are not wanted.

use super::table::{NULL, Span, Table};
use jmespath::{Expression, Rcvar, Variable, ast::Ast};

/// Compiled expressions by column name.
#[derive(Debug, Default)]
pub(super) struct Select(Vec<(String, Expression<'static>)>);

impl Select {
    /// The error names the column and the place in the expression.
    pub(super) fn new(columns: &[(String, String)]) -> Result<Self, String> {
        let compile = |(name, text): &(String, String)| match jmespath::compile(text) {
            Ok(expression) if !matches!(expression.as_ast(), Ast::Identity { .. }) => {
                Ok((name.clone(), expression))
            }
            Ok(_) => Err(format!("column `{name}`: expected a JMESPath such as `input.age`, found `{text}`")),
            Err(error) => Err(format!("column `{name}`: {}", error.to_string().replace('\n', " "))),
        };
        columns.iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the columns out of a record that is one document.
    pub(super) fn record(&self, document: &str, table: &mut Table) -> Result<(), String> {
        let variable = Variable::from_json(document).map_err(|_| "not JSON inside".to_owned())?;
        for (name, expression) in &self.0 {
            let found = expression.search(&variable).map_err(|error| {
                let reason = error.to_string();
                format!("`{name}` cannot be selected: {}", reason.lines().next().unwrap_or_default())
            })?;
            set(name, &found, table)?;
        }
        Ok(())
    }
}

/// Lists become a column for each place.
fn set(name: &str, value: &Rcvar, table: &mut Table) -> Result<(), String> {
    let (text, quoted) = match &**value {
        Variable::Null | Variable::Expref(_) => {
            let name = table.name(name);
            table.set(name, NULL, false);
            return Ok(());
        }
        Variable::Array(items) => {
            let set_item = |(index, item)| set(&format!("{name}.{index}"), item, table);
            return items.iter().enumerate().try_for_each(set_item);
        }
        Variable::Object(members) => {
            return members.iter().try_for_each(|(key, member)| set(&format!("{name}.{key}"), member, table));
        }
        Variable::String(text) => (text.clone(), true),
        Variable::Bool(flag) => (flag.to_string(), false),
        Variable::Number(number) => (number.to_string(), false),
    };
    let base = table.keep(&text)?;
    let name = table.name(name);
    table.set(name, Span::of(base, 0..text.len()), quoted);
    Ok(())
}
