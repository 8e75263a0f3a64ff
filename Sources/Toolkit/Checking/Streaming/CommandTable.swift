import History

/// The logical commands in sight: those with open attempts, without a known outcome, or in the
/// memory of the allocator. An id that comes again after that is found in `KnownIDs`, and the
/// stream then gives up: what the first command was it does not know any more.
struct CommandTable: ~Copyable {
    struct Attempt {
        let number: UInt64
        let slot: Slot
        let sentAt: RunInstant
    }

    private var commands = FlatArray<StreamedCommand>()
    private var free = FlatArray<Int32>()
    /// The members of the bundles in sight.
    private var bundles = ListPool<ResourceID>()
    /// The first command under each id in sight.
    private var heads = PlaceTable<OperationID>()
    private var known = KnownIDs()
    /// The ids in sight, by the slot after which they are looked at again.
    private var aging = RingQueue<(head: Int32, after: Slot)>()
    /// Further attempts that can have been executed, in the order of their invocations.
    private var more: [Int32: [Attempt]] = [:]
    private let window: SlotCount
    /// A little more, so that most commands need to be looked at once only.
    private let longer: SlotCount

    private(set) var logicalCommands = 0
    private(set) var resolvedAmbiguities = 0
    private(set) var resolvedIDs = 0
    /// Commands of an attempt of which nobody knew what became, for a while at least.
    private(set) var doubted = 0
    /// Those of them that may stand at a second LSN of which nobody was told.
    private(set) var mayRunAgain = 0
    /// Untold commands, in the order in which they became so.
    private(set) var untold: [Int32] = []

    init(window: SlotCount) {
        self.window = window
        longer = SlotCount(window.rawValue &+ window.rawValue / 8 &+ 2)
    }

    subscript(place: Int32) -> StreamedCommand {
        @inline(__always) _read { yield commands[Int(place)] }
        @inline(__always) _modify { yield &commands[Int(place)] }
    }

    /// The members of a bundle; none for another command.
    func members(of place: Int32) -> [ResourceID] { bundles[self[place].bundle] }

    /// The command that a request is an attempt of.
    mutating func place(
        of event: borrowing PlainEvent, _ members: ArraySlice<ResourceID>, at slot: Slot
    ) throws(Declined) -> Int32 {
        guard let found = head(of: event.id) else {
            if known.contains(event.id) { throw .outOfSight }
            let place = add(event, members, at: slot)
            commands[Int(place)].head = place
            heads.add(event.id, at: Int(place))
            aging.append((place, slot.adding(longer)))
            return place
        }
        let head = Int32(truncatingIfNeeded: found)
        var place = head
        while true {
            if isSame(place, as: event, members) { return place }
            let next = commands[Int(place)].sibling
            if next < 0 { break }
            place = next
        }
        let added = add(event, members, at: slot)
        commands[Int(added)].head = head
        commands[Int(place)].sibling = added
        return added
    }

    private func head(of id: OperationID) -> Int? { heads.find(id) { commands[$0].id } }

    private func isSame(
        _ place: Int32, as event: borrowing PlainEvent, _ members: ArraySlice<ResourceID>
    ) -> Bool {
        guard commands[Int(place)].isSame(as: event) else { return false }
        let bundle = commands[Int(place)].bundle
        return bundle < 0 ? members.isEmpty : members.elementsEqual(bundles[bundle])
    }

    private mutating func add(
        _ event: borrowing PlainEvent, _ members: ArraySlice<ResourceID>, at slot: Slot
    ) -> Int32 {
        logicalCommands &+= 1
        var command = StreamedCommand()
        command.id = event.id
        command.object = event.object
        command.holder = event.second
        command.number = event.number
        command.kind = event.kind
        command.usedAt = slot
        if !members.isEmpty { command.bundle = bundles.keep(Array(members)) }
        if let place = free.popLast() {
            commands[Int(place)] = command
            return place
        }
        commands.append(command)
        return Int32(truncatingIfNeeded: commands.count &- 1)
    }

    // MARK: - Attempts

    mutating func sent(_ attempt: Attempt, of place: Int32) throws(Declined) {
        let index = Int(place)
        commands[index].openAttempts &+= 1
        commands[index].earliestSlot = min(commands[index].earliestSlot, attempt.slot)
        commands[index].lastSlot = max(commands[index].lastSlot, attempt.slot)
        try checkWindow(index)
        // What comes behind the execution of a command says nothing about it.
        if commands[index].isReplayed { return }
        if commands[index].hasFirst {
            commands[index].hasMore = true
            more[place, default: []].append(attempt)
        } else {
            commands[index].hasFirst = true
            commands[index].firstAttempt = attempt.number
            commands[index].firstSlot = attempt.slot
            commands[index].firstSentAt = attempt.sentAt
        }
    }

    /// An attempt turned out not to have been executed.
    mutating func failed(_ number: UInt64, of place: Int32) throws(Declined) {
        let index = Int(place)
        guard !commands[index].isReplayed else {
            // Perhaps it was counted as one that might have been.
            let isCounted =
                commands[index].firstAttempt == number
                || (more[place]?.contains { $0.number == number } ?? false)
            if isCounted { throw .outOfSight }
            return
        }
        var others = commands[index].hasMore ? more[place] ?? [] : []
        if commands[index].firstAttempt == number {
            commands[index].hasFirst = !others.isEmpty
            if !others.isEmpty {
                let next = others.removeFirst()
                commands[index].firstAttempt = next.number
                commands[index].firstSlot = next.slot
                commands[index].firstSentAt = next.sentAt
            }
        } else {
            others.removeAll { $0.number == number }
        }
        commands[index].hasMore = !others.isEmpty
        more[place] = others.isEmpty ? nil : others
    }

    /// The different slots of the attempts that can have been executed, the earliest first.
    func slots(of place: Int32) -> [Slot] {
        var slots = [commands[Int(place)].firstSlot]
        for attempt in more[place] ?? [] where !slots.contains(attempt.slot) {
            slots.append(attempt.slot)
        }
        return slots
    }

    // MARK: - Outcomes

    mutating func becameAmbiguous(_ place: Int32) throws(Declined) {
        let index = Int(place)
        if !commands[index].isAmbiguous {
            commands[index].isAmbiguous = true
            doubted &+= 1
            if commands[index].wasForgettable { mayRunAgain &+= 1 }
            if commands[index].isUntold { untold.append(place) }
        }
        try checkWindow(index)
        note(place, doubt: true)
    }

    /// An answer told what became of an attempt. After some refusals another attempt may find that
    /// this one is not remembered.
    mutating func wasAnswered(_ place: Int32, isForgettable: Bool = false) {
        let index = Int(place)
        if isForgettable, !commands[index].wasForgettable {
            commands[index].wasForgettable = true
            if commands[index].isAmbiguous { mayRunAgain &+= 1 }
        }
        note(place, doubt: false)
    }

    /// What is known of one attempt says nothing about another one of which nobody knows, if one
    /// of them came when the other one was no longer remembered.
    private func checkWindow(_ index: Int) throws(Declined) {
        guard commands[index].isAmbiguous else { return }
        if commands[index].lastSlot > commands[index].earliestSlot.adding(window) { throw .untold }
    }

    /// Takes note that the outcome of the command is known.
    mutating func settled(_ place: Int32) {
        if commands[Int(place)].isAmbiguous { untold.removeAll { $0 == place } }
    }

    /// Whether a command sent by then has an outcome that nobody knows.
    func mayHaveExecuted(by latest: RunInstant) -> Bool {
        untold.contains { commands[Int($0)].firstSentAt <= latest }
    }

    /// An attempt under the id has shown a doubt or an answer (for what the record must show).
    private mutating func note(_ place: Int32, doubt: Bool) {
        let head = Int(commands[Int(place)].head)
        let was = commands[head].showedDoubt && commands[head].showedAnswer
        if doubt { commands[head].showedDoubt = true } else { commands[head].showedAnswer = true }
        if !was, commands[head].showedDoubt, commands[head].showedAnswer { resolvedIDs &+= 1 }
    }

    /// Whether another command was sent under the same id, and one that was told at that LSN.
    func others(than place: Int32, at lsn: LSN) -> (exist: Bool, isTold: Bool) {
        var other = commands[Int(place)].head
        var exist = false
        while other >= 0 {
            if other != place {
                exist = true
                if commands[Int(other)].isTold, commands[Int(other)].lsn == lsn {
                    return (true, true)
                }
            }
            other = commands[Int(other)].sibling
        }
        return (exist, false)
    }

    /// The command that the allocator remembers under the id of this one.
    func remembered(underIDOf command: Int32) -> Int32? {
        var place = commands[Int(command)].head
        while place >= 0 {
            if commands[Int(place)].isRemembered { return place }
            place = commands[Int(place)].sibling
        }
        return nil
    }

    // MARK: - Age

    /// Lets go of what is out of sight once the log has reached a slot.
    mutating func age(to slot: Slot) {
        while let (head, after) = aging.first, after < slot {
            aging.popFirst()
            if stays(head, at: slot) {
                aging.append((head, slot.adding(longer)))
            } else {
                remove(head)
            }
        }
    }

    /// Whether the commands under an id, the first of which this is, must stay.
    private func stays(_ head: Int32, at slot: Slot) -> Bool {
        var place = head
        while place >= 0 {
            let index = Int(place)
            let isBusy =
                commands[index].openAttempts > 0 || commands[index].isRemembered
                || commands[index].isUntold
                || (commands[index].isTold && !commands[index].isReplayed)
            if isBusy || commands[index].usedAt.adding(window) >= slot { return true }
            place = commands[index].sibling
        }
        return false
    }

    private mutating func remove(_ head: Int32) {
        let id = commands[Int(head)].id
        heads.remove(id, at: Int(head))
        known.insert(id)
        var place = head
        while place >= 0 {
            let next = commands[Int(place)].sibling
            countResolution(place)
            if commands[Int(place)].hasMore { more[place] = nil }
            bundles.letGo(commands[Int(place)].bundle)
            commands[Int(place)].id = OperationID(0)
            commands[Int(place)].isAmbiguous = false
            free.append(place)
            place = next
        }
    }

    private mutating func countResolution(_ place: Int32) {
        let index = Int(place)
        if commands[index].isAmbiguous,
            commands[index].isTold || commands[index].isRefusedAsConflict
        {
            resolvedAmbiguities &+= 1
        }
    }

    /// Counts what is still in sight at the end.
    mutating func finish() {
        for place in 0..<commands.count { countResolution(Int32(place)) }
    }
}
