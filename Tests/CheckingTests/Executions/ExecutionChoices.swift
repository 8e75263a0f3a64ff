import History

/// What clients ask for.
extension ExecutionGenerator {
    mutating func choose() -> (History.Operation, OperationID?, Slot?) {
        if !unresolved.isEmpty, random.chance(40) {
            let command = unresolved.remove(at: random.below(unresolved.count))
            return again(command)
        }
        if !used.isEmpty, random.chance(6) { return again(random.pick(used)) }
        let operation = chooseOperation()
        guard operation.carriesID else { return (operation, nil, Slot(slot)) }
        if !used.isEmpty, random.chance(4) {
            return (operation, random.pick(used).id, Slot(slot))
        }
        nextID += 1
        used.append(Sent(id: OperationID(nextID), operation: operation, slot: Slot(slot)))
        return (operation, OperationID(nextID), Slot(slot))
    }

    /// A retry, byte for byte or with the slot of now.
    private mutating func again(_ command: Sent) -> (History.Operation, OperationID?, Slot?) {
        (command.operation, command.id, random.chance(50) ? command.slot : Slot(slot))
    }

    private mutating func chooseOperation() -> History.Operation {
        let resource = chooseResource()
        let fence = random.chance(40) ? LSN(lastLSN + (random.chance(15) ? 3 : 0)) : nil
        switch random.below(20) {
        case 0...4: return reserve(resource)
        case 5:
            return random.chance(20) ? .createResource(chooseUnknownResource()) : reserve(resource)
        case 6...11: return commandLease() ?? .tickExpirations
        case 12...13: return .tickExpirations
        case 14...16:
            return .getResource(
                random.chance(5) ? ResourceID(999) : resource, requiredLSN: fence)
        default:
            guard let grant = grants.isEmpty ? nil : random.pick(grants.suffix(12)) else {
                return .getResource(resource, requiredLSN: fence)
            }
            let stranger = ReservationID(UInt128(lastLSN + UInt64(random.below(4))))
            return .getReservation(random.chance(5) ? stranger : grant.id, requiredLSN: fence)
        }
    }

    private mutating func commandLease() -> History.Operation? {
        guard !grants.isEmpty else { return nil }
        let grant = random.pick(grants.suffix(6))
        let stranger = HolderID(UInt128(100 + random.below(5)))
        let holder = random.chance(90) ? grant.holder : stranger
        let epoch = LeaseEpoch(random.chance(85) ? grant.epoch : UInt64(1 + random.below(3)))
        switch random.below(7) {
        case 0...2: return .confirm(grant.id, holder, epoch)
        case 3...4: return .release(grant.id, holder, epoch)
        case 5: return .revoke(grant.id)
        default:
            // What was revoked comes first, so that reclaims succeed.
            return .reclaim(grants.last { $0.epoch > 1 && random.chance(60) }?.id ?? grant.id)
        }
    }

    private mutating func reserve(_ resource: ResourceID) -> History.Operation {
        let holder = HolderID(UInt128(100 + random.below(5)))
        let length =
            random.chance(3)
            ? random.pick([0, shape.limits.maxTTL.rawValue + 1])
            : UInt64(1 + random.below(shape.longestTTL))
        guard random.chance(shape.bundlePercent) else {
            return .reserve(resource, holder, ttl: SlotCount(length))
        }
        let size = random.chance(4) ? 0 : 1 + random.below(Int(shape.limits.maxBundleSize) + 1)
        let members = (0..<size).map { $0 == 0 ? resource : chooseResource() }
        return .reserveBundle(members, holder, ttl: SlotCount(length))
    }

    private mutating func chooseResource() -> ResourceID {
        random.chance(2)
            ? chooseUnknownResource() : ResourceID(UInt128(1 + random.below(shape.resources)))
    }

    private mutating func chooseUnknownResource() -> ResourceID {
        ResourceID(UInt128(1 + random.below(14)))
    }
}

extension History.Operation {
    /// Whether the cluster remembers it under an operation id.
    var carriesID: Bool { isMutating && self != .tickExpirations }

    var holder: HolderID? {
        switch self {
        case .reserve(_, let holder, _), .reserveBundle(_, let holder, _),
            .confirm(_, let holder, _), .release(_, let holder, _):
            holder
        case .createResource, .revoke, .reclaim, .tickExpirations, .getResource, .getReservation:
            nil
        }
    }
}

extension Outcome {
    var isAmbiguous: Bool { if case .ambiguous = self { true } else { false } }
}

extension RunHeader {
    static func forTests(limits: ClusterLimits) -> RunHeader {
        RunHeader(
            runID: "test", workload: "generated", nemesis: "none", testbed: "none", seed: 0,
            concurrency: 4, startedAt: 0, slotRule: "generated", toolVersion: "test",
            limits: limits)
    }
}
