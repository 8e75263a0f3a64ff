import ByteCoding
import EngineVectors
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("Log frames are read back exactly, and a log is read up to its first doubt")
struct WALFrameTests {
    private static let cases = Result { try Vectors.json("wal-frames.json") }

    @Test("every recorded frame encodes and decodes, alone, cut and followed by more")
    func frames() throws {
        let frames = try Self.cases.get()["frames"].array
        for vector in frames {
            let name = vector["name"].string ?? ""
            let bytes = try vector["hex"].requiredHex()
            let frame = try WALFrame.decode(bytes)
            #expect(frame.vector == vector["decoded"], "\(name)")
            #expect(frame.encode() == bytes, "\(name)")
            #expect(try WALFrame.decode(bytes + [1, 2, 3]) == frame, "\(name)")
            #expect(try WALFrame.decode([9] + bytes, at: 1) == frame, "\(name)")
            for length in 0..<bytes.count {
                #expect(throws: FrameError.bufferTooShort, "\(name) \(length)") {
                    try WALFrame.decode(Array(bytes.prefix(length)))
                }
            }
        }
        print("wal-frames.json frames: \(frames.count) cases")
        #expect(frames.count == 17)
    }

    @Test("damaged frames are refused for the recorded reason")
    func frameCases() throws {
        let cases = try Self.cases.get()["frame_cases"].array
        for vector in cases {
            let bytes = try vector["hex"].requiredHex()
            #expect(
                result { () throws(FrameError) in try WALFrame.decode(bytes).vector }
                    == vector["decode"], "\(vector["name"])")
            #expect(
                result { () throws(FrameError) in .count(try WALFrame.encodedLength(of: bytes)) }
                    == vector["encoded_len"], "\(vector["name"])")
        }
        print("wal-frames.json frame_cases: \(cases.count) cases")
        #expect(cases.count == 31)
    }

    private func result(_ work: () throws(FrameError) -> JSONValue) -> JSONValue {
        do throws(FrameError) {
            return .object(["ok": try work()])
        } catch {
            return error.vector
        }
    }

    @Test("whole logs are scanned and cut as recorded")
    func scans() throws {
        let scans = try Self.cases.get()["scans"].array
        for vector in scans {
            let name = vector["name"].string ?? ""
            let bytes = try vector["hex"].requiredHex()
            let scan = WALScan(bytes)
            #expect(JSONValue.array(scan.frames.map(\.vector)) == vector["frames"], "\(name)")
            #expect(scan.validUpTo == vector["valid_up_to"].integer(), "\(name)")
            #expect(scan.stop.vector == vector["stop"], "\(name)")

            let storage = MemoryStorage(wal: bytes)
            let file = try WALFile(opening: storage, maxPayloadBytes: 1)
            var outcome: JSONValue
            do throws(WALFileError) {
                let cut = try file.truncateToValidPrefix()
                #expect(cut == scan, "\(name)")
                outcome = .object(["ok": .bool(true)])
            } catch {
                outcome = .object(["ok": .bool(false), "error": error.vector])
            }
            outcome = outcome.with(["file_len_after": .count(storage.wal?.count ?? -1)])
            #expect(outcome == vector["truncate_to_valid_prefix"], "\(name)")
        }
        print("wal-frames.json scans: \(scans.count) cases")
        #expect(scans.count == 27)
    }

    @Test("payloads above the bound are refused before anything is written")
    func appendBounds() throws {
        let cases = try Self.cases.get()["append_bounds"].array
        for vector in cases {
            let payload = [UInt8](repeating: 1, count: try vector["payload_len"].required())
            let frame = WALFrame(
                lsn: LSN(1), requestSlot: Slot(1), recordType: .internalCommand, payload: payload)
            let storage = MemoryStorage()
            let file = try WALFile(
                opening: storage, maxPayloadBytes: try vector["max_payload_bytes"].required())
            #expect(
                outcome { () throws(WALFileError) in try file.append(frame) }
                    == vector["append"])
            #expect((storage.wal == []) == !vector["append"]["error"].isNull)
            #expect(
                outcome { () throws(WALFileError) in try file.replace(with: [frame]) }
                    == vector["replace"])
        }
        print("wal-frames.json append_bounds: \(cases.count) cases")
        #expect(cases.count == 6)
    }

    private func outcome(_ work: () throws(WALFileError) -> Void) -> JSONValue {
        do throws(WALFileError) {
            try work()
            return .object(["ok": .bool(true)])
        } catch {
            return error.vector
        }
    }

    @Test("every prefix of a log gives whole frames and then a torn tail, never corruption")
    func everyPrefix() throws {
        let frames = (1...6).map { number in
            WALFrame(
                lsn: LSN(UInt64(number)), requestSlot: Slot(7), recordType: .clientCommand,
                payload: [UInt8](repeating: UInt8(number), count: number * 11))
        }
        let bytes = frames.flatMap { $0.encode() }
        for length in 0...bytes.count {
            let scan = WALScan(Array(bytes.prefix(length)))
            let whole = frames.prefix(scan.frames.count)
            #expect(scan.frames == Array(whole))
            #expect(scan.validUpTo == whole.reduce(0) { $0 + $1.encodedLength })
            #expect(
                scan.stop
                    == (scan.validUpTo == length ? .cleanEnd : .tornTail(offset: scan.validUpTo)))
        }
    }
}

extension WALFrame {
    var vector: JSONValue {
        let type =
            switch recordType {
            case .clientCommand: "client_command"
            case .internalCommand: "internal_command"
            case .snapshotMarker: "snapshot_marker"
            }
        return .object([
            "lsn": .text(lsn), "request_slot": .text(requestSlot),
            "record_type": .string(type), "payload_hex": .hex(payload),
        ])
    }
}
