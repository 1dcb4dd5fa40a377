//! Role: what kind of client it is.
//! In: a word. Out: what clients of that kind may do at most.
//! Invariant: a role alone gives no collection to anybody but an admin; a right that the role doesn't allow is none.
//! Not here: rights to one collection (`book.rs`).

/// A client's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A person who looks.
    Viewer,
    /// A person who works with what comes, and adds to it.
    Analyst,
    /// A person who lets objects leave.
    Approver,
    /// A person who checks what was done.
    Auditor,
    /// Who runs the node.
    Admin,
    /// Another organisation's node.
    Member,
    /// The node in the middle.
    Hub,
    /// An enforcement point: it asks the gate (`[gate]`), and has no part in the exchange.
    Point,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 8] =
        [Role::Viewer, Role::Analyst, Role::Approver, Role::Auditor, Role::Admin, Role::Member, Role::Hub, Role::Point];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Analyst => "analyst",
            Role::Approver => "approver",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
            Role::Member => "member",
            Role::Hub => "hub",
            Role::Point => "point",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it may be given the right to add objects.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Role::Analyst | Role::Admin | Role::Member | Role::Hub)
    }

    /// Whether it may ask the gate.
    #[must_use]
    pub fn asks_the_gate(self) -> bool {
        self == Role::Point
    }

    /// Whether every collection is its to use, and every object its to remove.
    #[must_use]
    pub fn runs_the_node(self) -> bool {
        self == Role::Admin
    }

    /// Whether it is an organisation's: only these are in sharing groups.
    #[must_use]
    pub fn is_organisation(self) -> bool {
        matches!(self, Role::Member | Role::Hub)
    }

    /// Whether it may see every group, its members or not.
    #[must_use]
    pub fn sees_groups(self) -> bool {
        matches!(self, Role::Admin | Role::Auditor)
    }

    /// Whether it may see trends.
    #[must_use]
    pub fn sees_trends(self) -> bool {
        matches!(self, Role::Admin | Role::Auditor | Role::Member)
    }

    /// Whether it may ask whether the node's ledger only grew.
    #[must_use]
    pub fn sees_ledger(self) -> bool {
        matches!(self, Role::Admin | Role::Auditor | Role::Member | Role::Hub)
    }

    /// Whether it may see the node's figures.
    #[must_use]
    pub fn sees_figures(self) -> bool {
        matches!(self, Role::Admin | Role::Auditor)
    }
}
