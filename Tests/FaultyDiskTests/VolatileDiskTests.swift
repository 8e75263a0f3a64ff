import FaultyDisk
import Randomness
import Testing

@Suite("a disk with a volatile cache")
struct VolatileDiskTests {
    /// Random operations on a disk and on the oracle side by side.
    private struct Exercise {
        var disk = VolatileDisk()
        var oracle = DiskOracle()
        var random: SeededRandom
        let names = ["a", "b", "c", "d"]

        mutating func step() throws {
            let name = names[random.index(below: names.count)]
            let node = oracle.currentNames[name]
            switch random.below(12) {
            case 0, 1: try create(name)
            case 2, 3, 4, 5: if let node { try write(node) }
            case 6: if let node { try resize(node) }
            case 7, 8:
                if let node {
                    try disk.syncFile(node)
                    oracle.sync(node)
                }
            case 9: if let node { try rename(name, node) }
            case 10: if node != nil { try remove(name) }
            default:
                try disk.syncFolder(.root)
                oracle.syncFolder()
            }
            try compare()
        }

        private mutating func create(_ name: String) throws {
            guard oracle.currentNames[name] == nil else {
                #expect(throws: DiskError.nameTaken) {
                    try disk.createFile(name, in: .root, permissions: 0o644)
                }
                return
            }
            let node = try disk.createFile(name, in: .root, permissions: 0o644).id
            oracle.files[node] = DiskOracle.File()
            oracle.changeNames { $0[name] = node }
        }

        private mutating func write(_ node: NodeID) throws {
            let bytes = (0..<random.index(below: 1500) + 1).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            let size = oracle.files[node]?.current.count ?? 0
            let offset = random.chance(0.6) ? size : random.index(below: size + 700)
            try disk.write(bytes, to: node, at: offset)
            oracle.write(bytes, to: node, at: offset)
        }

        private mutating func resize(_ node: NodeID) throws {
            let size = random.index(below: 3000)
            try disk.resize(node, to: size)
            oracle.resize(node, to: size)
        }

        private mutating func rename(_ name: String, _ node: NodeID) throws {
            let target = names[random.index(below: names.count)]
            try disk.rename(name, in: .root, to: target, in: .root, .replace)
            if target == name { return }
            oracle.changeNames {
                $0[name] = nil
                $0[target] = node
            }
        }

        private mutating func remove(_ name: String) throws {
            try disk.removeFile(name, in: .root)
            oracle.changeNames { $0[name] = nil }
        }

        /// Readers see every change at once.
        private func compare() throws {
            let seen = try VolatileDiskTests.contents(of: disk)
            #expect(seen.mapValues(\.node) == oracle.currentNames)
            for entry in seen.values {
                #expect(entry.bytes == oracle.files[entry.node]?.current)
            }
        }
    }

    static func contents(
        of disk: VolatileDisk
    ) throws -> [String: (node: NodeID, bytes: [UInt8])] {
        var contents: [String: (node: NodeID, bytes: [UInt8])] = [:]
        for entry in try disk.list(.root) {
            let bytes = try disk.read(entry.facts.id, at: 0, count: entry.facts.size)
            contents[entry.name] = (entry.facts.id, Array(bytes))
        }
        return contents
    }

    @Test(
        "what was synced is there after a power cut, and nothing that was never written",
        arguments: Retention.allCases)
    func powerCuts(_ retention: Retention) throws {
        for seed in UInt64(1)...150 {
            var exercise = Exercise(random: SeededRandom(seed: seed))
            for _ in 0..<exercise.random.index(below: 60) + 5 { try exercise.step() }
            var disk = exercise.disk
            _ = disk.cutPower(retention, seed: seed)
            let left = try Self.contents(of: disk)
            #expect(exercise.oracle.allows(left, after: retention), "seed \(seed)")
            // What the first cut left is durable.
            _ = disk.cutPower(.nothing, seed: seed)
            let again = try Self.contents(of: disk)
            #expect(again.mapValues(\.bytes) == left.mapValues(\.bytes), "seed \(seed)")
            var same = exercise.disk
            _ = same.cutPower(retention, seed: seed)
            let repeated = try Self.contents(of: same)
            #expect(repeated.mapValues(\.bytes) == left.mapValues(\.bytes), "seed \(seed)")
        }
    }

    @Test("each kind of power cut really loses something and keeps something")
    func variety() throws {
        for retention in Retention.allCases {
            var lost = UInt64(0)
            var kept = UInt64(0)
            for seed in UInt64(1)...40 {
                var exercise = Exercise(random: SeededRandom(seed: seed))
                for _ in 0..<60 { try exercise.step() }
                let report = exercise.disk.cutPower(retention, seed: seed)
                lost += report.lostBytes
                kept += report.keptWrites
            }
            #expect(lost > 0, "\(retention)")
            #expect((kept > 0) == (retention != .nothing), "\(retention)")
        }
    }

    @Test("a file is there under its name only when both were synced")
    func bothSyncs() throws {
        for (syncsFile, syncsFolder) in [(true, true), (true, false), (false, true)] {
            var disk = VolatileDisk()
            let node = try disk.createFile("a", in: .root, permissions: 0o644).id
            try disk.write([1, 2, 3], to: node, at: 0)
            if syncsFile { try disk.syncFile(node) }
            if syncsFolder { try disk.syncFolder(.root) }
            _ = disk.cutPower(.nothing, seed: 1)
            let left = try Self.contents(of: disk)
            #expect(left["a"]?.bytes == (syncsFolder ? (syncsFile ? [1, 2, 3] : []) : nil))
        }
    }

    @Test("a rename between two folders happens in both or in neither")
    func renameBetweenFolders() throws {
        for syncsTarget in [true, false] {
            var disk = VolatileDisk()
            let here = try disk.createFolder("here", in: .root, permissions: 0o755).id
            let there = try disk.createFolder("there", in: .root, permissions: 0o755).id
            let file = try disk.createFile("a", in: here, permissions: 0o644).id
            for folder in [NodeID.root, here, there] { try disk.syncFolder(folder) }
            try disk.rename("a", in: here, to: "b", in: there, .replace)
            try disk.syncFolder(syncsTarget ? there : here)
            _ = disk.cutPower(.nothing, seed: 1)
            #expect(try disk.list(here).isEmpty)
            #expect(try disk.lookUp("b", in: there).id == file)
        }
        var disk = VolatileDisk()
        let first = try disk.createFile("a", in: .root, permissions: 0o644).id
        let second = try disk.createFile("b", in: .root, permissions: 0o644).id
        try disk.syncFolder(.root)
        try disk.rename("a", in: .root, to: "b", in: .root, .exchange)
        #expect(try disk.lookUp("a", in: .root).id == second)
        _ = disk.cutPower(.nothing, seed: 1)
        #expect(try disk.lookUp("a", in: .root).id == first)
    }

    @Test("after a sync that failed, no later sync brings the lost bytes back")
    func failedSync() throws {
        var disk = VolatileDisk()
        let node = try disk.createFile("a", in: .root, permissions: 0o644).id
        try disk.syncFolder(.root)
        try disk.write([1, 1, 1], to: node, at: 0)
        disk.failSync(node)
        try disk.write([2], to: node, at: 3)
        try disk.syncFile(node)
        #expect(try Array(disk.read(node, at: 0, count: 10)) == [1, 1, 1, 2])
        _ = disk.cutPower(.nothing, seed: 1)
        #expect(try Array(disk.read(node, at: 0, count: 10)) == [0, 0, 0, 2])
    }

    @Test("a file without a name lives as long as somebody remembers it, and not longer")
    func unlinked() throws {
        var disk = VolatileDisk()
        let node = try disk.createFile("a", in: .root, permissions: 0o644).id
        try disk.syncFolder(.root)
        disk.retain(node)
        try disk.removeFile("a", in: .root)
        try disk.syncFolder(.root)
        try disk.write([7], to: node, at: 0)
        #expect(try Array(disk.read(node, at: 0, count: 1)) == [7])
        disk.release(node)
        #expect(throws: DiskError.lostInPowerCut) { try disk.facts(node) }
        #expect(disk.usedBytes == 0)
    }

    @Test("what is not possible is refused and changes nothing")
    func refusals() throws {
        var disk = VolatileDisk(capacity: 100)
        let folder = try disk.createFolder("folder", in: .root, permissions: 0o755).id
        let inner = try disk.createFolder("inner", in: folder, permissions: 0o755).id
        let file = try disk.createFile("file", in: .root, permissions: 0o644).id
        #expect(throws: DiskError.noSpaceLeft) {
            try disk.write([UInt8](repeating: 1, count: 101), to: file, at: 0)
        }
        #expect(throws: DiskError.noSpaceLeft) { try disk.resize(file, to: 101) }
        #expect(throws: DiskError.isAFolder) { try disk.write([1], to: folder, at: 0) }
        #expect(throws: DiskError.notAFolder) { try disk.syncFolder(file) }
        #expect(throws: DiskError.folderNotEmpty) {
            try disk.removeFolder("folder", in: .root)
        }
        #expect(throws: DiskError.notAFolder) { try disk.removeFolder("file", in: .root) }
        #expect(throws: DiskError.isAFolder) { try disk.removeFile("folder", in: .root) }
        #expect(throws: DiskError.noSuchName) { try disk.removeFile("none", in: .root) }
        #expect(throws: DiskError.invalid) {
            try disk.rename("folder", in: .root, to: "x", in: inner, .replace)
        }
        #expect(throws: DiskError.nameTaken) {
            try disk.rename("file", in: .root, to: "folder", in: .root, .keep)
        }
        #expect(throws: DiskError.isAFolder) {
            try disk.rename("file", in: .root, to: "folder", in: .root, .replace)
        }
        #expect(disk.usedBytes == 0)
        #expect(try disk.list(.root).map(\.name) == ["file", "folder"])
    }
}
