import DurableFiles
import EngineVectors
import LeaseKernel
import TestSupport
import Testing

@Suite("A snapshot holds the whole state, and only a sound one becomes a kernel")
struct SnapshotTests {
    private static let cases = Result { try Vectors.json("snapshots.json") }

    @Test("current snapshots decode, re-encode, restore and refuse every cut")
    func valid() throws {
        let valid = try Self.cases.get()["valid"].array
        var prefixes = 0
        for vector in valid {
            let name = vector["name"].string ?? ""
            let bytes = try vector["hex"].requiredHex()
            let snapshot = try SnapshotCodec.decode(bytes)
            #expect(snapshot.vector == vector["decoded"], "\(name)")
            #expect(try SnapshotCodec.encode(snapshot) == bytes, "\(name)")
            #expect(CRC32C.checksum(bytes) == vector["crc32c"].integer(), "\(name)")
            let kernel = try Kernel(
                restoring: snapshot,
                configuration: try KernelConfiguration(vector: vector["config"]))
            #expect(try SnapshotCodec.encode(kernel.snapshot()) == bytes, "\(name)")
            for length in 0..<bytes.count {
                prefixes += 1
                #expect(throws: SnapshotDecodingError.bufferTooShort, "\(name) \(length)") {
                    try SnapshotCodec.decode(Array(bytes.prefix(length)))
                }
            }
            #expect(throws: SnapshotDecodingError.invalidLayout, "\(name)") {
                try SnapshotCodec.decode(bytes + [0])
            }
        }
        print("snapshots.json valid: \(valid.count) cases, \(prefixes) prefixes")
        #expect(valid.count == 14)
    }

    @Test("snapshots of older versions are read with their defaults")
    func oldVersions() throws {
        let old = try Self.cases.get()["old_versions"].array
        for vector in old {
            let name = vector["name"].string ?? ""
            let snapshot = try SnapshotCodec.decode(try vector["hex"].requiredHex())
            #expect(snapshot.vector == vector["decoded"], "\(name)")
            #expect(try SnapshotCodec.encode(snapshot) == vector["re_encoded_hex"].hex, "\(name)")
            #expect(try restore(snapshot, vector["config"]) == vector["restore"], "\(name)")
        }
        print("snapshots.json old_versions: \(old.count) cases")
        #expect(old.count == 7)
    }

    @Test("bytes that are no snapshot are refused for the recorded reason")
    func decodeCases() throws {
        let cases = try Self.cases.get()["decode_cases"].array
        for vector in cases {
            let found: JSONValue
            do {
                let snapshot = try SnapshotCodec.decode(try vector["hex"].requiredHex())
                found = .object(["ok": snapshot.vector])
            } catch let error as SnapshotDecodingError {
                found = error.vector
            }
            #expect(found == vector["expect"], "\(vector["name"])")
        }
        print("snapshots.json decode_cases: \(cases.count) cases")
        #expect(cases.count == 26)
    }

    @Test("a snapshot that breaks a bound or an invariant is refused by its name")
    func restoreCases() throws {
        let cases = try Self.cases.get()["restore_cases"].array
        for vector in cases {
            let snapshot = try SnapshotCodec.decode(try vector["hex"].requiredHex())
            #expect(
                try restore(snapshot, vector["config"]) == vector["expect"], "\(vector["name"])")
        }
        print("snapshots.json restore_cases: \(cases.count) cases")
        #expect(cases.count == 49)
    }

    private func restore(
        _ snapshot: KernelSnapshot, _ configuration: JSONValue
    ) throws -> JSONValue {
        let configuration = try KernelConfiguration(vector: configuration)
        do {
            let kernel = try Kernel(restoring: snapshot, configuration: configuration)
            let bytes = try SnapshotCodec.encode(kernel.snapshot())
            return .object(["ok": .bool(true), "state_hex": .hex(bytes)])
        } catch let error as RestoreError {
            return error.vector
        }
    }
}
