import Randomness

/// Names one file or folder of a disk for ever; numbers are never used again.
public struct NodeID: Hashable, Sendable {
    public let rawValue: UInt64

    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static let root = NodeID(1)
}

/// What is known about a file or folder.
public struct NodeFacts: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case file, folder }

    public let id: NodeID
    public let kind: Kind
    public let size: Int
    public let permissions: UInt32
    public let modifiedNanoseconds: UInt64
}

/// A disk with a volatile cache, in memory: what is written is seen at once and survives a power
/// cut only once it was synced; what is created, renamed or removed survives only once its folder
/// was synced. It is as forgetful as POSIX allows, and more than common file systems are.
///
/// It does no input or output of its own, and the same calls with the same seed give the same
/// result.
public struct VolatileDisk: Sendable {
    struct Folder: Sendable {
        var current: [String: NodeID] = [:]
        var durable: [String: NodeID] = [:]
    }

    /// One creation, removal or rename: names that change together or not at all.
    struct NameChange: Sendable {
        struct Edit: Sendable {
            let folder: NodeID
            let name: String
            let node: NodeID?
        }

        let sequence: UInt64
        let edits: [Edit]
    }

    private struct Attributes {
        var permissions: UInt32
        var modifiedNanoseconds: UInt64
        /// References that the kernel or a caller holds.
        var references: UInt64 = 0
    }

    /// Bytes that all files together may hold.
    public let capacity: Int
    /// The wall clock that modification times are taken from; the owner sets it.
    public var now: UInt64 = 0

    private var files: [NodeID: FileContent] = [:]
    private var folders: [NodeID: Folder] = [:]
    private var attributes: [NodeID: Attributes] = [:]
    private var unsyncedNames: [NameChange] = []
    private var nextNode: UInt64 = 2
    private var nextSequence: UInt64 = 1

    public init(capacity: Int = 1 << 30) {
        self.capacity = capacity
        folders[.root] = Folder()
        attributes[.root] = Attributes(permissions: 0o755, modifiedNanoseconds: 0)
    }

    public var usedBytes: Int { files.values.reduce(0) { $0 + $1.size } }

    // MARK: - Looking

    public func facts(_ node: NodeID) throws(DiskError) -> NodeFacts {
        guard let attributes = attributes[node] else { throw .lostInPowerCut }
        if let file = files[node] {
            return NodeFacts(
                id: node, kind: .file, size: file.size, permissions: attributes.permissions,
                modifiedNanoseconds: attributes.modifiedNanoseconds)
        }
        guard folders[node] != nil else { throw .lostInPowerCut }
        return NodeFacts(
            id: node, kind: .folder, size: 0, permissions: attributes.permissions,
            modifiedNanoseconds: attributes.modifiedNanoseconds)
    }

    public func lookUp(_ name: String, in folder: NodeID) throws(DiskError) -> NodeFacts {
        guard let node = try self.folder(folder).current[name] else { throw .noSuchName }
        return try facts(node)
    }

    /// The names in a folder, sorted.
    public func list(_ folder: NodeID) throws(DiskError) -> [(name: String, facts: NodeFacts)] {
        var entries: [(name: String, facts: NodeFacts)] = []
        for (name, node) in try self.folder(folder).current {
            entries.append((name, try facts(node)))
        }
        return entries.sorted { $0.name < $1.name }
    }

    public func read(
        _ node: NodeID, at offset: Int, count: Int
    ) throws(DiskError) -> ArraySlice<UInt8> {
        let content = try file(node).current
        let start = min(max(0, offset), content.count)
        return content[start..<min(content.count, start + max(0, count))]
    }

    // MARK: - Files

    /// Creates an empty file and returns it.
    public mutating func createFile(
        _ name: String, in folder: NodeID, permissions: UInt32
    ) throws(DiskError) -> NodeFacts {
        let node = try create(name, in: folder, permissions)
        files[node] = FileContent()
        return try facts(node)
    }

    /// Writes all bytes; a file that would pass the capacity is not touched.
    public mutating func write(
        _ bytes: [UInt8], to node: NodeID, at offset: Int
    ) throws(DiskError) {
        let size = try file(node).size
        guard offset >= 0 else { throw .invalid }
        let growth = max(0, offset + bytes.count - size)
        guard growth == 0 || usedBytes + growth <= capacity else { throw .noSpaceLeft }
        let sequence = takeSequence()
        files[node]?.write(bytes, at: offset, sequence: sequence)
        touch(node)
    }

    public mutating func resize(_ node: NodeID, to size: Int) throws(DiskError) {
        let old = try file(node).size
        guard size >= 0 else { throw .invalid }
        guard size <= old || usedBytes + size - old <= capacity else { throw .noSpaceLeft }
        let sequence = takeSequence()
        files[node]?.resize(to: size, sequence: sequence)
        touch(node)
    }

    public mutating func setPermissions(
        _ node: NodeID, _ permissions: UInt32
    ) throws(DiskError) {
        _ = try facts(node)
        attributes[node]?.permissions = permissions
    }

    /// What the file holds survives from now on; its name does only once its folder is synced.
    public mutating func syncFile(_ node: NodeID) throws(DiskError) {
        _ = try file(node)
        files[node]?.sync()
    }

    /// A sync that reports an error: see `FileContent.failSync`.
    public mutating func failSync(_ node: NodeID) {
        files[node]?.failSync()
    }

    // MARK: - Names

    public mutating func createFolder(
        _ name: String, in folder: NodeID, permissions: UInt32
    ) throws(DiskError) -> NodeFacts {
        let node = try create(name, in: folder, permissions)
        folders[node] = Folder()
        return try facts(node)
    }

    public mutating func removeFile(_ name: String, in folder: NodeID) throws(DiskError) {
        guard let node = try self.folder(folder).current[name] else { throw .noSuchName }
        guard files[node] != nil else { throw .isAFolder }
        change([.init(folder: folder, name: name, node: nil)])
    }

    public mutating func removeFolder(_ name: String, in folder: NodeID) throws(DiskError) {
        guard let node = try self.folder(folder).current[name] else { throw .noSuchName }
        guard let target = folders[node] else { throw .notAFolder }
        guard target.current.isEmpty else { throw .folderNotEmpty }
        change([.init(folder: folder, name: name, node: nil)])
    }

    public enum RenameRule: Sendable {
        /// Whatever has the new name goes away.
        case replace
        /// The new name must be free.
        case keep
        /// Both names exist and change their meanings.
        case exchange
    }

    public mutating func rename(
        _ name: String, in folder: NodeID, to newName: String, in newFolder: NodeID,
        _ rule: RenameRule
    ) throws(DiskError) {
        guard let node = try self.folder(folder).current[name] else { throw .noSuchName }
        let replaced = try self.folder(newFolder).current[newName]
        guard !contains(newFolder, below: node) else { throw .invalid }
        switch rule {
        case .keep:
            if replaced != nil { throw .nameTaken }
        case .exchange:
            guard let replaced else { throw .noSuchName }
            guard !contains(folder, below: replaced) else { throw .invalid }
            change([
                .init(folder: folder, name: name, node: replaced),
                .init(folder: newFolder, name: newName, node: node),
            ])
            return
        case .replace:
            if replaced == node { return }
            if let replaced { try checkReplaceable(replaced, by: node) }
        }
        change([
            .init(folder: folder, name: name, node: nil),
            .init(folder: newFolder, name: newName, node: node),
        ])
    }

    /// The names in this folder survive from now on, and with them whatever a rename ties to
    /// them in other folders.
    public mutating func syncFolder(_ folder: NodeID) throws(DiskError) {
        _ = try self.folder(folder)
        var tied: Set<NodeID> = [folder]
        var isSynced = [Bool](repeating: false, count: unsyncedNames.count)
        for index in unsyncedNames.indices.reversed() {
            let touched = unsyncedNames[index].edits.map(\.folder)
            guard touched.contains(where: { tied.contains($0) }) else { continue }
            tied.formUnion(touched)
            isSynced[index] = true
        }
        for (index, change) in unsyncedNames.enumerated() where isSynced[index] {
            makeDurable(change)
        }
        unsyncedNames = zip(unsyncedNames, isSynced).filter { !$0.1 }.map(\.0)
        collectUnreachable()
    }

    // MARK: - References

    /// Somebody remembers the node: it stays, though it may lose its last name.
    public mutating func retain(_ node: NodeID) {
        attributes[node]?.references += 1
    }

    public mutating func release(_ node: NodeID, count: UInt64 = 1) {
        guard let references = attributes[node]?.references else { return }
        attributes[node]?.references = references - min(count, references)
        if references <= count { collectUnreachable() }
    }

    // MARK: - Power

    /// The power fails and comes back: what is left is on the disk and durable.
    public mutating func cutPower(_ retention: Retention, seed: UInt64) -> PowerCutReport {
        let changes = files.values.flatMap(\.unsynced)
        let lastWrite = changes.filter { change in
            if case .write = change.kind { true } else { false }
        }.map(\.sequence).max()
        let sequences = (changes.map(\.sequence) + unsyncedNames.map(\.sequence)).sorted()
        var cut = PowerCut(retention, seed: seed, sequences: sequences, lastWrite: lastWrite)
        for change in unsyncedNames where cut.keepsNames(at: change.sequence) {
            makeDurable(change)
        }
        unsyncedNames = []
        folders = folders.mapValues { Folder(current: $0.durable, durable: $0.durable) }
        // In the order of numbers, so that the same seed means the same to every process.
        for node in files.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            files[node]?.losePower(&cut)
        }
        let reachable = reachableNodes()
        files = files.filter { reachable.contains($0.key) }
        folders = folders.filter { reachable.contains($0.key) }
        collectUnreachable()
        return cut.report
    }

    // MARK: - Helpers

    private func file(_ node: NodeID) throws(DiskError) -> FileContent {
        if let file = files[node] { return file }
        throw folders[node] == nil ? .lostInPowerCut : .isAFolder
    }

    private func folder(_ node: NodeID) throws(DiskError) -> Folder {
        if let folder = folders[node] { return folder }
        throw files[node] == nil ? .lostInPowerCut : .notAFolder
    }

    private mutating func takeSequence() -> UInt64 {
        defer { nextSequence += 1 }
        return nextSequence
    }

    private mutating func touch(_ node: NodeID) {
        attributes[node]?.modifiedNanoseconds = now
    }

    private mutating func create(
        _ name: String, in folder: NodeID, _ permissions: UInt32
    ) throws(DiskError) -> NodeID {
        guard try self.folder(folder).current[name] == nil else { throw .nameTaken }
        let node = NodeID(nextNode)
        nextNode += 1
        attributes[node] = Attributes(permissions: permissions, modifiedNanoseconds: now)
        change([.init(folder: folder, name: name, node: node)])
        return node
    }

    private mutating func change(_ edits: [NameChange.Edit]) {
        for edit in edits {
            folders[edit.folder]?.current[edit.name] = edit.node
            touch(edit.folder)
        }
        unsyncedNames.append(NameChange(sequence: takeSequence(), edits: edits))
    }

    private mutating func makeDurable(_ change: NameChange) {
        for edit in change.edits {
            folders[edit.folder]?.durable[edit.name] = edit.node
        }
    }

    private func checkReplaceable(_ old: NodeID, by new: NodeID) throws(DiskError) {
        if let target = folders[old] {
            guard folders[new] != nil else { throw .isAFolder }
            guard target.current.isEmpty else { throw .folderNotEmpty }
        } else if folders[new] != nil {
            throw .notAFolder
        }
    }

    /// Whether `node` is `top` or lies somewhere in it.
    private func contains(_ node: NodeID, below top: NodeID) -> Bool {
        if node == top { return true }
        guard let folder = folders[top] else { return false }
        return folder.current.values.contains { contains(node, below: $0) }
    }

    private func reachableNodes() -> Set<NodeID> {
        var reached: Set<NodeID> = [.root]
        var open: [NodeID] = [.root]
        for change in unsyncedNames {
            for case let node? in change.edits.map(\.node) where reached.insert(node).inserted {
                open.append(node)
            }
        }
        while let node = open.popLast() {
            guard let folder = folders[node] else { continue }
            for entries in [folder.current, folder.durable] {
                for entry in entries.values where reached.insert(entry).inserted {
                    open.append(entry)
                }
            }
        }
        return reached
    }

    /// Nothing leads to a node without a name that nobody remembers.
    private mutating func collectUnreachable() {
        let reachable = reachableNodes()
        for (node, known) in attributes
        where known.references == 0 && !reachable.contains(node) {
            attributes[node] = nil
            files[node] = nil
            folders[node] = nil
        }
    }
}
