import ByteCoding
import EngineVectors
import LeaseKernel
import TestSupport
import Testing

@Suite("Commands have one binary form, and bytes that are none are refused by name")
struct CommandCodecTests {
    private static let cases = Result { try Vectors.json("commands.json") }

    private func decodeClient(_ bytes: [UInt8]) -> Result<ClientCommand, CommandDecodingError> {
        do { return .success(try CommandCodec.decodeClient(bytes)) } catch {
            return .failure(error)
        }
    }

    @Test("what is valid encodes and decodes both ways, cut short anywhere as recorded")
    func valid() throws {
        let valid = try Self.cases.get()["valid"].array
        var prefixes = 0
        for vector in valid {
            let name = vector["name"].string ?? ""
            let request = try ClientCommand(vector: vector["decoded"])
            let bytes = try vector["client_hex"].requiredHex()
            #expect(CommandCodec.encode(request) == bytes, "\(name)")
            #expect(try CommandCodec.decodeClient(bytes) == request, "\(name)")
            let bare = try vector["internal_hex"].requiredHex()
            #expect(CommandCodec.encode(request.command) == bare, "\(name)")
            #expect(try CommandCodec.decodeInternal(bare) == request.command, "\(name)")
            #expect(
                CommandFingerprint(of: request.command).rawValue == vector["fingerprint"].integer(),
                "\(name)")

            for prefix in vector["prefixes"].array {
                let from: Int = try prefix["from_len"].required()
                let to: Int = try prefix["to_len"].required()
                for length in from...to {
                    prefixes += 1
                    let result = decodeClient(Array(bytes.prefix(length)))
                    #expect(
                        try result.mapError { Refusal(vector: $0.vector) }
                            == expected(prefix["result"], same: request), "\(name) \(length)")
                }
            }
            #expect(
                try decodeClient(bytes + [0]).mapError { Refusal(vector: $0.vector) }
                    == expected(vector["with_one_extra_zero_byte"], same: request), "\(name)")
        }
        print("commands.json valid: \(valid.count) cases, \(prefixes) prefixes")
        #expect(valid.count == 26)
    }

    private func expected(
        _ result: JSONValue, same: ClientCommand
    ) throws -> Result<ClientCommand, Refusal> {
        if result["ok"].isNull { return .failure(Refusal(vector: result)) }
        if result["ok"].string == "same" { return .success(same) }
        return .success(try ClientCommand(vector: result["ok"]))
    }

    @Test("confirm and release of older clients are read with epoch 1 and written with it")
    func legacy() throws {
        let legacy = try Self.cases.get()["legacy"].array
        for vector in legacy {
            let request = try CommandCodec.decodeClient(try vector["client_hex"].requiredHex())
            #expect(request == (try ClientCommand(vector: vector["decoded"])))
            #expect(CommandCodec.encode(request) == vector["re_encoded_hex"].hex)
            #expect(
                CommandFingerprint(of: request.command).rawValue == vector["fingerprint"].integer())
        }
        print("commands.json legacy: \(legacy.count) cases")
        #expect(legacy.count == 2)
    }

    @Test("what is invalid is refused for the recorded reason")
    func invalid() throws {
        let invalid = try Self.cases.get()["invalid"].array
        for vector in invalid {
            let bytes = try vector["hex"].requiredHex()
            var found: JSONValue = .null
            do throws(CommandDecodingError) {
                if vector["decoder"].string == "internal" {
                    _ = try CommandCodec.decodeInternal(bytes)
                } else {
                    _ = try CommandCodec.decodeClient(bytes)
                }
            } catch {
                found = error.vector
            }
            #expect(found == vector["expect"], "\(vector["name"])")
        }
        print("commands.json invalid: \(invalid.count) cases")
        #expect(invalid.count == 26)
    }

    @Test("a bundle that announces four billion ids is short, and costs nothing")
    func announcedCount() throws {
        var bytes = [UInt8](repeating: 0, count: 32) + [3]
        bytes += [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 7, count: 40)
        #expect(throws: CommandDecodingError.bufferTooShort) {
            try CommandCodec.decodeClient(bytes)
        }
    }
}

private struct Refusal: Error, Equatable {
    let vector: JSONValue
}
