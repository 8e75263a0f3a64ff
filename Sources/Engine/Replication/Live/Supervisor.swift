import ClusterProtocol
import LeaseKernel
import SystemCalls

/// When and why a component last changed its state, for `explain`.
struct Transition: Hashable, Sendable {
    var to: String
    var cause: String
    var at: Instant
}

/// The life of a live replica as a whole. One function changes it, and says what caused it.
struct Supervisor: Sendable {
    enum State: Hashable, Sendable {
        /// Primary by its files; serves nothing until a majority has confirmed its view.
        case confirming
        case primary
        case backup
        /// Gives up its uncommitted entries and stores a higher view.
        case changingView(View)
        /// Stores a snapshot of the primary.
        case installing(LSN)
        /// Serves nothing and waits for a primary to call.
        case uncertain(Uncertainty)
        /// A write or sync failed: what is on disk is unknown, so nothing more is promised.
        case halted(ReplicaRole, StorageFailure)
        case faulted(FaultReason)
        case stopping(ReplicaRole)
        case stopped(ReplicaRole)
    }

    enum Uncertainty: Hashable, Sendable {
        /// The stored role is view_uncertain or recovering.
        case stored(ReplicaRole)
        /// Somebody who is not the primary knows a higher view.
        case heardOf(View, from: ReplicaID)
        /// Another replica says it is primary of the same view.
        case contested(by: ReplicaID)
    }

    private(set) var state: State
    private(set) var last: Transition

    init(_ state: State, cause: String, at now: Instant) {
        self.state = state
        last = Transition(to: Self.text(state), cause: cause, at: now)
    }

    /// Moves on. What has faulted, halted or stopped stays so for the life of the process.
    mutating func move(to next: State, because cause: String, at now: Instant) {
        switch (state, next) {
        case (.faulted, _), (.stopped, _): return
        case (.halted, .faulted), (.halted, .stopping), (.halted, .stopped): break
        case (.halted, _): return
        case (.stopping, .stopped), (.stopping, .faulted): break
        case (.stopping, _): return
        case (.confirming, _), (.primary, _), (.backup, _), (.changingView, _),
            (.installing, _), (.uncertain, _):
            break
        }
        state = next
        last = Transition(to: Self.text(next), cause: cause, at: now)
    }

    /// The role this state answers to.
    var role: ReplicaRole {
        switch state {
        case .confirming, .primary: .primary
        case .backup, .changingView, .installing: .backup
        case .uncertain(.stored(let role)): role
        case .uncertain: .viewUncertain
        case .halted(let role, _), .stopping(let role), .stopped(let role): role
        case .faulted: .faulted
        }
    }

    var isFaulted: Bool {
        if case .faulted = state { true } else { false }
    }

    /// Leads its view: sends entries, or would if its disk worked.
    var isLeading: Bool {
        switch state {
        case .confirming, .primary: true
        case .backup, .changingView, .installing, .uncertain, .halted, .faulted, .stopping,
            .stopped:
            false
        }
    }

    /// Why nothing is served, or nil.
    var blockingReason: String? {
        switch state {
        case .primary, .backup: nil
        case .confirming: "no majority has confirmed the view since the start"
        case .changingView(let view): "storing view \(view)"
        case .installing(let lsn): "storing the primary's snapshot at \(lsn)"
        case .uncertain(.stored(let role)): "stored role is \(role.word)"
        case .uncertain(.heardOf(let view, let peer)):
            "replica \(peer) knows view \(view); waiting for its primary"
        case .uncertain(.contested(let peer)): "replica \(peer) is primary of the same view"
        case .halted(_, let failure): "storage failed: \(failure)"
        case .faulted(let reason): reason.debugText
        case .stopping: "asked to stop"
        case .stopped: "stopped"
        }
    }

    static func text(_ state: State) -> String {
        switch state {
        case .confirming: "confirming"
        case .primary: "primary"
        case .backup: "backup"
        case .changingView(let view): "changing_view(\(view))"
        case .installing(let lsn): "installing(\(lsn))"
        case .uncertain: "view_uncertain"
        case .halted: "halted"
        case .faulted: "faulted"
        case .stopping: "stopping"
        case .stopped: "stopped"
        }
    }
}
