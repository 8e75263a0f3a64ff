import History

/// What the state machine answered, or must answer, in a fixed size.
struct PlainAnswer: Equatable {
    /// 1 for ok, else the number of the refusal.
    var code: UInt8
    var fields: UInt8 = 0
    var reservation: UInt128 = 0
    var epoch: UInt64 = 0
    var deadline = Slot(0)

    private static let hasReservation: UInt8 = 1
    private static let hasEpoch: UInt8 = 2
    private static let hasDeadline: UInt8 = 4

    static let ok = PlainAnswer(code: 1)

    static func refused(_ code: RefusalCode) -> PlainAnswer { PlainAnswer(code: code.rawValue) }

    static func granted(_ reservation: UInt128, until deadline: Slot) -> PlainAnswer {
        PlainAnswer(
            code: 1, fields: hasReservation | hasEpoch | hasDeadline, reservation: reservation,
            epoch: 1, deadline: deadline)
    }

    /// The answer that a completion carries.
    init(_ event: borrowing PlainEvent) {
        guard event.kind == .committed else {
            self.init(code: event.code)
            return
        }
        self.init(code: 1)
        if event.has(.reservation) {
            reservation = event.object
            fields |= Self.hasReservation
        }
        if event.has(.number) {
            epoch = event.number
            fields |= Self.hasEpoch
        }
        if event.has(.slot) {
            deadline = event.slot
            fields |= Self.hasDeadline
        }
    }

    private init(
        code: UInt8, fields: UInt8 = 0, reservation: UInt128 = 0, epoch: UInt64 = 0,
        deadline: Slot = Slot(0)
    ) {
        self.code = code
        self.fields = fields
        self.reservation = reservation
        self.epoch = epoch
        self.deadline = deadline
    }

    var isOK: Bool { code == 1 }
    var isConflict: Bool { code == RefusalCode.operationConflict.rawValue }
    var hasDeadline: Bool { fields & Self.hasDeadline != 0 }
    /// Whether it carries what a grant owes.
    var isGrant: Bool { fields == Self.hasReservation | Self.hasEpoch | Self.hasDeadline }
}

/// One logical command: an operation under its id, with all its attempts folded. What is looked
/// at when it grows old stands together, and nothing in it is a reference.
struct StreamedCommand {
    var id = OperationID(0)
    /// The last activity.
    var usedAt = Slot(0)
    var rememberedUntil = Slot(0)
    /// The first command under the same id, and the next one, -1 for none.
    var head: Int32 = -1
    var sibling: Int32 = -1
    /// An attempt of which nothing but a definite failure is known is none of these.
    var openAttempts: Int32 = 0
    /// Where `CommandTable` keeps the members of a bundle, -1 for none.
    var bundle: Int32 = -1
    var kind = PlainEvent.Kind.note
    var isTold = false
    /// The replay has passed its place.
    var isReplayed = false
    /// An answer said that another command has this id.
    var isRefusedAsConflict = false
    var isAmbiguous = false
    /// In the memory of the allocator until its slot has passed (lease-kernel.md 7).
    var isRemembered = false
    /// Whether an attempt can have been executed, and whether more than one can.
    var hasFirst = false
    var hasMore = false
    /// An attempt was refused in a way that the allocator does not remember.
    var wasForgettable = false
    /// Of the first command under an id: what attempts under it showed.
    var showedDoubt = false
    var showedAnswer = false

    var object: UInt128 = 0
    var holder: UInt128 = 0
    /// TTL or epoch.
    var number: UInt64 = 0

    /// The first attempt that can have been executed. Those behind it stand in `CommandTable`.
    var firstAttempt: UInt64 = 0
    var firstSlot = Slot(0)
    var firstSentAt = RunInstant(0)
    /// The smallest and the largest slot of its attempts.
    var earliestSlot = Slot(.max)
    var lastSlot = Slot(0)

    /// Its place in the log once an answer told it, and the answer.
    var lsn = LSN(0)
    /// The attempt that was told first: its slot, and when it was sent.
    var toldSlot = Slot(0)
    var toldSentAt = RunInstant(0)
    var answer = PlainAnswer.ok

    /// Whether nobody knows what became of it, so far.
    var isUntold: Bool { isAmbiguous && !isTold && !isRefusedAsConflict }

    /// Whether it is what the request asks for, members aside.
    func isSame(as event: borrowing PlainEvent) -> Bool {
        guard kind == event.kind, object == event.object, holder == event.second else {
            return false
        }
        return number == event.number
    }
}
