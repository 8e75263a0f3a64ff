import FaultyDisk
import SystemCalls

/// What the kernel asks of a mounted disk, answered from the model and its faults. Nothing here
/// knows how the questions travel.
///
/// One thread owns it.
final class DiskService {
    /// The answer to an operation that a fault may delay.
    enum Answer<Value> {
        case done(Value)
        /// Ask again when the faults have changed.
        case hold
    }

    /// An open file, or a folder being listed.
    private enum Handle {
        case file(NodeID, appends: Bool)
        case listing(NodeID, [(name: String, facts: NodeFacts)])
    }

    private(set) var disk: VolatileDisk
    private(set) var faults = DiskFaults()
    private var handles: [UInt64: Handle] = [:]
    private var nextHandle: UInt64 = 1

    init(capacity: Int) {
        disk = VolatileDisk(capacity: capacity)
    }

    // MARK: - Control

    /// Carries out a request; `waiting` is how many operations are held.
    func carryOut(_ request: DiskRequest, waiting: Int) -> DiskReply {
        let now = Instant.now
        switch request {
        case .switchOn(let fault, let lease, let room):
            let end = now + .milliseconds(Int64(clamping: lease))
            faults.switchOn(fault, until: end, room: Int(clamping: room))
            return .done
        case .switchOff(let fault):
            faults.switchOff(fault)
            return .done
        case .cutPower(let retention, let seed):
            faults.switchAllOff()
            return .powerCut(disk.cutPower(retention, seed: seed))
        case .state:
            return .state(
                DiskState(
                    active: Set(faults.current(at: now)), touched: faults.touched,
                    waiting: UInt64(waiting)))
        }
    }

    func expireFaults() { faults.expire(at: .now) }

    // MARK: - Names

    func lookUp(_ name: String, in folder: NodeID) throws(DiskError) -> NodeFacts {
        let facts = try disk.lookUp(name, in: folder)
        disk.retain(facts.id)
        return facts
    }

    func forget(_ node: NodeID, count: UInt64) { disk.release(node, count: count) }

    func facts(_ node: NodeID) throws(DiskError) -> NodeFacts { try disk.facts(node) }

    func createFolder(
        _ name: String, in folder: NodeID, permissions: UInt32
    ) throws(DiskError) -> NodeFacts {
        try mayCreate()
        disk.now = WallClock.nanoseconds
        let facts = try disk.createFolder(name, in: folder, permissions: permissions)
        disk.retain(facts.id)
        return facts
    }

    /// Creates and opens a file.
    func createFile(
        _ name: String, in folder: NodeID, permissions: UInt32, appends: Bool
    ) throws(DiskError) -> (facts: NodeFacts, handle: UInt64) {
        try mayCreate()
        disk.now = WallClock.nanoseconds
        let facts = try disk.createFile(name, in: folder, permissions: permissions)
        disk.retain(facts.id)
        return (facts, open(.file(facts.id, appends: appends), facts.id))
    }

    func removeFile(_ name: String, in folder: NodeID) throws(DiskError) {
        disk.now = WallClock.nanoseconds
        try disk.removeFile(name, in: folder)
    }

    func removeFolder(_ name: String, in folder: NodeID) throws(DiskError) {
        disk.now = WallClock.nanoseconds
        try disk.removeFolder(name, in: folder)
    }

    func rename(
        _ name: String, in folder: NodeID, to newName: String, in newFolder: NodeID,
        _ rule: VolatileDisk.RenameRule
    ) throws(DiskError) {
        disk.now = WallClock.nanoseconds
        try disk.rename(name, in: folder, to: newName, in: newFolder, rule)
    }

    private func mayCreate() throws(DiskError) {
        switch faults.decide(.create, at: .now) {
        case .proceed, .cutShort, .hold, .pretend: return
        case .fail(let error): throw error
        }
    }

    // MARK: - Open files and folders

    func openFile(_ node: NodeID, appends: Bool) throws(DiskError) -> UInt64 {
        guard try disk.facts(node).kind == .file else { throw .isAFolder }
        return open(.file(node, appends: appends), node)
    }

    func openFolder(_ node: NodeID) throws(DiskError) -> UInt64 {
        open(.listing(node, try disk.list(node)), node)
    }

    func close(_ handle: UInt64) {
        switch handles.removeValue(forKey: handle) {
        case .file(let node, _), .listing(let node, _): disk.release(node)
        case nil: return
        }
    }

    /// What the folder held when it was opened.
    func listing(_ handle: UInt64) throws(DiskError) -> [(name: String, facts: NodeFacts)] {
        guard case .listing(_, let entries) = handles[handle] else { throw .invalid }
        return entries
    }

    private func open(_ handle: Handle, _ node: NodeID) -> UInt64 {
        defer { nextHandle += 1 }
        disk.retain(node)
        handles[nextHandle] = handle
        return nextHandle
    }

    // MARK: - Bytes

    func read(
        _ node: NodeID, at offset: Int, count: Int, isRepeated: Bool
    ) throws(DiskError) -> Answer<ArraySlice<UInt8>> {
        switch faults.decide(.read, at: .now, isRepeated: isRepeated) {
        case .hold: return .hold
        case .proceed, .cutShort, .pretend:
            return .done(try disk.read(node, at: offset, count: count))
        case .fail(let error): throw error
        }
    }

    /// Returns how many of the bytes were taken.
    func write(
        _ bytes: [UInt8], to node: NodeID, at offset: Int, handle: UInt64, isRepeated: Bool
    ) throws(DiskError) -> Answer<Int> {
        let size = try disk.facts(node).size
        var offset = offset
        if case .file(_, appends: true) = handles[handle] { offset = size }
        let growth = max(0, offset + bytes.count - size)
        disk.now = WallClock.nanoseconds
        switch faults.decide(.write(growth: growth), at: .now, isRepeated: isRepeated) {
        case .hold: return .hold
        case .fail(let error): throw error
        case .proceed, .pretend:
            try disk.write(bytes, to: node, at: offset)
            return .done(bytes.count)
        case .cutShort(let room):
            let kept = bytes.count - growth + room
            try disk.write(Array(bytes.prefix(kept)), to: node, at: offset)
            return .done(kept)
        }
    }

    func resize(
        _ node: NodeID, to size: Int, isRepeated: Bool
    ) throws(DiskError) -> Answer<Void> {
        let growth = max(0, size - (try disk.facts(node).size))
        disk.now = WallClock.nanoseconds
        switch faults.decide(.write(growth: growth), at: .now, isRepeated: isRepeated) {
        case .hold: return .hold
        case .fail(let error): throw error
        case .cutShort: throw .noSpaceLeft
        case .proceed, .pretend:
            try disk.resize(node, to: size)
            return .done(())
        }
    }

    func setPermissions(_ node: NodeID, _ permissions: UInt32) throws(DiskError) {
        try disk.setPermissions(node, permissions)
    }

    func syncFile(_ node: NodeID, isRepeated: Bool) throws(DiskError) -> Answer<Void> {
        switch faults.decide(.sync, at: .now, isRepeated: isRepeated) {
        case .hold: return .hold
        case .fail(let error):
            disk.failSync(node)
            throw error
        case .pretend: return .done(())
        case .proceed, .cutShort:
            try disk.syncFile(node)
            return .done(())
        }
    }

    func syncFolder(_ node: NodeID, isRepeated: Bool) throws(DiskError) -> Answer<Void> {
        switch faults.decide(.sync, at: .now, isRepeated: isRepeated) {
        case .hold: return .hold
        case .fail(let error): throw error
        case .pretend: return .done(())
        case .proceed, .cutShort:
            try disk.syncFolder(node)
            return .done(())
        }
    }
}
