import History

/// Resources and leases that hang together: a lease with its members, and the members of a bundle.
/// What happens to one such component says nothing about another.
struct NamedThings {
    private enum Name: Hashable {
        case resource(ResourceID)
        case lease(ReservationID)
    }

    private var indexes: [Name: Int] = [:]
    private var parents: [Int] = []
    private var numbers: [Int: Int] = [:]

    var componentCount: Int { numbers.count }

    /// What the attempts of one group name hangs together as well.
    init(_ groups: [[Attempt]]) {
        var granted: Set<ReservationID> = []
        var named: Set<ReservationID> = []
        for group in groups {
            var names: [Name] = []
            for attempt in group {
                let operation = attempt.invocation.operation
                names += Self.names(in: operation)
                if let id = operation.reservationID { named.insert(id) }
                let (shown, lease) = Self.names(shownBy: attempt.outcome)
                names += shown
                if let lease { granted.insert(lease) }
            }
            join(names)
        }
        joinUnknownGrants(groups, named.subtracting(granted))
    }

    /// The names in an answer, and the lease of which it tells the members.
    private static func names(shownBy outcome: Outcome) -> ([Name], ReservationID?) {
        switch outcome {
        case .committed(_, let result, _):
            (result.reservationID.map { [.lease($0)] } ?? [], result.reservationID)
        case .read(.lease(let view), _):
            (
                [.lease(view.reservationID)] + view.members.map { .resource($0) },
                view.reservationID
            )
        case .read(.resource(let view), _):
            (
                [.resource(view.resourceID)]
                    + (view.currentReservation.map { [.lease($0)] } ?? []),
                view.currentReservation
            )
        case .read(.notFound, _), .read(.retired, _), .refused, .ticked, .failed, .ambiguous:
            ([], nil)
        }
    }

    /// A lease that nobody was told of may be of any command whose answer nobody has seen.
    private mutating func joinUnknownGrants(
        _ groups: [[Attempt]], _ leases: Set<ReservationID>
    ) {
        guard !leases.isEmpty else { return }
        var names: [Name] = leases.sorted().map { .lease($0) }
        for attempt in groups.joined() {
            switch attempt.outcome {
            case .ambiguous, .failed:
                names += (attempt.invocation.operation.members ?? []).map { .resource($0) }
            case .committed, .refused, .ticked, .read: break
            }
        }
        join(names)
    }

    private static func names(in operation: Operation) -> [Name] {
        switch operation {
        case .createResource(let id), .reserve(let id, _, _), .getResource(let id, _):
            [.resource(id)]
        case .reserveBundle(let ids, _, _): ids.map { .resource($0) }
        case .confirm(let id, _, _), .release(let id, _, _), .revoke(let id), .reclaim(let id),
            .getReservation(let id, _):
            [.lease(id)]
        case .tickExpirations: []
        }
    }

    private mutating func join(_ names: [Name]) {
        guard let first = names.first else { return }
        let root = root(of: index(of: first))
        for name in names.dropFirst() {
            parents[self.root(of: index(of: name))] = root
        }
    }

    private mutating func index(of name: Name) -> Int {
        if let index = indexes[name] { return index }
        indexes[name] = parents.count
        parents.append(parents.count)
        return parents.count - 1
    }

    private mutating func root(of index: Int) -> Int {
        var index = index
        while parents[index] != index {
            parents[index] = parents[parents[index]]
            index = parents[index]
        }
        return index
    }

    /// The component of what these attempts name; nil when they name nothing.
    mutating func component(of attempts: [Attempt]) -> Int? {
        guard let name = attempts.lazy.flatMap({ Self.names(in: $0.invocation.operation) }).first
        else { return nil }
        let root = root(of: index(of: name))
        if let number = numbers[root] { return number }
        numbers[root] = numbers.count
        return numbers.count - 1
    }
}
