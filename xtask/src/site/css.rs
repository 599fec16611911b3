//! The style sheets as one file: `main.css` with its `@import "..."` lines replaced by what they name, or else every
//! sheet in the order of its name; comments, indentation and empty lines left out. Nothing else is touched.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The joined sheets of a folder; an empty folder gives an empty sheet.
pub fn joined(folder: &Path) -> Result<String> {
    let main = folder.join("main.css");
    let mut sheet = String::new();
    if main.is_file() {
        inline(&main, &mut Vec::new(), &mut sheet)?;
    } else if folder.is_dir() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|e| e.path()).collect();
        files.retain(|file| file.extension().is_some_and(|e| e == "css"));
        files.sort();
        for file in files {
            inline(&file, &mut Vec::new(), &mut sheet)?;
        }
    }
    Ok(lighter(&sheet))
}

/// `open` are the files being read, to see a sheet that imports itself.
fn inline(file: &Path, open: &mut Vec<PathBuf>, into: &mut String) -> Result<()> {
    if open.iter().any(|f| f == file) {
        bail!("{} imports itself", file.display());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the style sheet {}", file.display()))?;
    open.push(file.to_path_buf());
    for line in text.lines() {
        match imported(line) {
            Some(name) => inline(&file.with_file_name("").join(name), open, into)?,
            None => {
                into.push_str(line);
                into.push('\n');
            }
        }
    }
    open.pop();
    Ok(())
}

/// The local file that a line imports. Imports with a layer or a condition, and those of other sites, stay as they are.
fn imported(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("@import")?.trim().strip_suffix(';')?.trim();
    let rest = rest.strip_prefix("url(").and_then(|r| r.strip_suffix(')')).unwrap_or(rest).trim();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = rest.strip_prefix(quote)?.strip_suffix(quote)?;
    let local = !name.contains(quote) && !name.contains("//") && !name.starts_with('/');
    local.then_some(name.strip_prefix("./").unwrap_or(name))
}

/// Without comments, indentation and empty lines; strings are left alone.
fn lighter(sheet: &str) -> String {
    let mut bare = String::with_capacity(sheet.len());
    let mut quote = None;
    let mut characters = sheet.chars().peekable();
    while let Some(c) = characters.next() {
        match quote {
            Some(q) => {
                bare.push(c);
                if c == '\\' {
                    bare.extend(characters.next());
                } else if c == q {
                    quote = None;
                }
            }
            None if c == '/' && characters.peek() == Some(&'*') => {
                characters.next();
                let mut star = false;
                for inside in characters.by_ref() {
                    if star && inside == '/' {
                        break;
                    }
                    star = inside == '*';
                }
                // A comment separates what stands around it.
                bare.push(' ');
            }
            None => {
                quote = matches!(c, '"' | '\'').then_some(c);
                bare.push(c);
            }
        }
    }
    bare.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Scratch;

    #[test]
    fn imports_are_replaced_in_their_order() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        std::fs::create_dir(scratch.0.join("parts")).unwrap();
        std::fs::write(scratch.0.join("main.css"), "@import \"parts/b.css\";\n@import url('./parts/a.css');\nmain { color: red }\n")
            .unwrap();
        std::fs::write(scratch.0.join("parts/a.css"), "a { color: blue }\n").unwrap();
        std::fs::write(scratch.0.join("parts/b.css"), "@import \"c.css\";\nb { color: green }\n").unwrap();
        std::fs::write(scratch.0.join("parts/c.css"), "c { color: black }\n").unwrap();
        let sheet = joined(&scratch.0).unwrap();
        assert_eq!(sheet, "c { color: black }\nb { color: green }\na { color: blue }\nmain { color: red }\n");
    }

    #[test]
    fn without_a_main_sheet_all_are_joined_by_name() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        std::fs::write(scratch.0.join("b.css"), "b{}").unwrap();
        std::fs::write(scratch.0.join("a.css"), "a{}").unwrap();
        std::fs::write(scratch.0.join("notes.txt"), "not a sheet").unwrap();
        assert_eq!(joined(&scratch.0).unwrap(), "a{}\nb{}\n");
    }

    #[test]
    fn a_sheet_that_imports_itself_or_nothing_is_an_error() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        std::fs::write(scratch.0.join("main.css"), "@import 'main.css';").unwrap();
        assert!(joined(&scratch.0).unwrap_err().to_string().contains("imports itself"));
        std::fs::write(scratch.0.join("main.css"), "@import 'gone.css';").unwrap();
        assert!(joined(&scratch.0).unwrap_err().to_string().contains("gone.css"));
    }

    #[test]
    fn comments_go_and_strings_stay() {
        let sheet = "/* one\n two */\na::before { content: \"/* kept */ \\\" /*\"; }\n\n   b { margin: 0/**/1px; }\n";
        assert_eq!(lighter(sheet), "a::before { content: \"/* kept */ \\\" /*\"; }\nb { margin: 0 1px; }\n");
    }

    #[test]
    fn imports_of_other_sites_and_with_conditions_are_left_alone() {
        assert_eq!(imported("@import \"a.css\";"), Some("a.css"));
        assert_eq!(imported("@import \"https://example.org/a.css\";"), None);
        assert_eq!(imported("@import \"a.css\" print;"), None);
        assert_eq!(imported("a { }"), None);
    }
}
