//! How far a command has come.

/// Prints how far something has come: some lines, however many rows there are.
#[derive(Default)]
pub struct Progress {
    name: String,
    rows: usize,
    printed: usize,
}

impl Progress {
    /// So many rows are done of what has this name.
    pub fn report(&mut self, name: &str, rows: usize) {
        if self.name != name {
            self.print_last();
            *self = Self {
                name: name.to_owned(),
                ..Self::default()
            };
        }
        self.rows = rows;
        if rows >= (self.printed * 2).max(10_000) {
            self.print();
        }
    }

    /// All is done.
    pub fn done(&mut self) {
        self.print_last();
        println!("done");
    }

    fn print_last(&mut self) {
        if self.rows > self.printed {
            self.print();
        }
    }

    fn print(&mut self) {
        println!("{}  {}", self.name, self.rows);
        self.printed = self.rows;
    }
}
