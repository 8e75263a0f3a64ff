import DurableFiles
import EngineVectors
import LeaseKernel
import TestSupport
import Testing

@Suite("The kernel decides, answers and remembers exactly as recorded")
struct KernelTranscriptTests {
    @Test("every kernel transcript is reproduced, with the whole state after each step")
    func transcripts() throws {
        let transcripts = try Vectors.json("kernel-transcripts.json")["transcripts"].array
            .filter { $0["layer"].string == "kernel" }
        var steps = 0
        for transcript in transcripts {
            var run = try Run(transcript)
            for step in transcript["steps"].array {
                steps += 1
                try run.execute(step)
            }
            try run.compareEnd(with: transcript["final"])
        }
        print("kernel-transcripts.json kernel: \(transcripts.count) transcripts, \(steps) steps")
        #expect(transcripts.count == 42)
    }

    @Test("calls that no correct caller makes are errors and change nothing")
    func fatalCases() throws {
        let cases = try Vectors.json("kernel-transcripts.json")["fatal_cases"].array
        for vector in cases {
            var kernel = try Kernel(
                configuration: try KernelConfiguration(vector: vector["config"]))
            let first = vector["first"]
            _ = try kernel.apply(
                try ClientCommand(vector: first), lsn: try first["lsn"].identifier(),
                requestSlot: try first["request_slot"].identifier())
            let before = kernel.snapshot()
            let second = vector["second"]
            let lsn: LSN = try second["lsn"].identifier()
            let slot: Slot = try second["request_slot"].identifier()
            let isInternal = vector["second_kind"].string == "internal"
            let command = try Command(vector: second["command"])
            var isRefused = false
            do throws(KernelError) {
                if isInternal {
                    _ = try kernel.applyInternal(command, lsn: lsn, requestSlot: slot)
                } else {
                    let request = ClientCommand(
                        operationID: OperationID(9), clientID: ClientID(7), command: command)
                    _ = try kernel.apply(request, lsn: lsn, requestSlot: slot)
                }
            } catch {
                isRefused = true
                #expect(kernel.snapshot() == before)
            }
            #expect(isRefused == vector["fatal"].bool, "\(vector["name"])")
        }
        print("kernel-transcripts.json fatal_cases: \(cases.count) cases")
        #expect(cases.count == 7)
    }
}

/// One transcript under way.
private struct Run {
    private let name: String
    private var kernel: Kernel

    init(_ transcript: JSONValue) throws {
        name = transcript["name"].string ?? "?"
        let configuration = try KernelConfiguration(vector: transcript["config"])
        if let start = transcript["start_snapshot_hex"].hex {
            kernel = try Kernel(
                restoring: try SnapshotCodec.decode(start), configuration: configuration,
                checking: .afterEveryCommand)
        } else {
            kernel = try Kernel(configuration: configuration, checking: .afterEveryCommand)
        }
    }

    mutating func execute(_ step: JSONValue) throws {
        let found: JSONValue
        switch step["kind"].string {
        case "client":
            found = try kernel.apply(
                try ClientCommand(vector: step), lsn: try step["lsn"].identifier(),
                requestSlot: try step["request_slot"].identifier()
            ).kernelVector
        case "internal":
            found = try kernel.applyInternal(
                try Command(vector: step["command"]), lsn: try step["lsn"].identifier(),
                requestSlot: try step["request_slot"].identifier()
            ).kernelVector
        case "read_resource":
            found = kernel.resource(try step["resource_id"].identifier())?.vector ?? .null
        case "read_reservation":
            found =
                kernel.reservation(
                    try step["reservation_id"].identifier(),
                    at: try step["current_slot"].identifier()
                ).vector
        case "read_operation":
            found =
                kernel.operation(
                    try step["operation_id"].identifier(),
                    at: try step["current_slot"].identifier())?.vector ?? .null
        case "read_wheel_bucket":
            found = .array(
                kernel.scheduledReservations(inBucketOf: try step["slot"].identifier())
                    .map(JSONValue.text))
        case "health":
            found = kernel.health(at: try step["current_wall_clock_slot"].identifier()).vector
        default:
            throw MalformedVector("unknown step \(step)")
        }
        #expect(found == step["expect"], "\(name): \(step)")
        if let checksum: UInt32 = step["state_crc32c"].integer() {
            let bytes = try SnapshotCodec.encode(kernel.snapshot())
            #expect(CRC32C.checksum(bytes) == checksum, "\(name): state after \(step)")
        }
    }

    func compareEnd(with final: JSONValue) throws {
        #expect(try SnapshotCodec.encode(kernel.snapshot()) == final["snapshot_hex"].hex, "\(name)")
        for read in final["resources"].array {
            let found = kernel.resource(try read["resource_id"].identifier())?.vector ?? .null
            #expect(found == read["expect"], "\(name)")
        }
        let slot: Slot = try final["reservations_at_slot"].identifier()
        for read in final["reservations"].array {
            let found = kernel.reservation(try read["reservation_id"].identifier(), at: slot)
            #expect(found.vector == read["expect"], "\(name)")
        }
        let later: Slot = try final["reservations_later_at_slot"].identifier()
        for read in final["reservations_later"].array {
            let found = kernel.reservation(try read["reservation_id"].identifier(), at: later)
            #expect(found.vectorName == read["result"].string, "\(name)")
        }
        let operationSlot: Slot = try final["operations_at_slot"].identifier()
        for read in final["operations"].array {
            let found = kernel.operation(try read["operation_id"].identifier(), at: operationSlot)
            #expect((found?.vector ?? .null) == read["expect"], "\(name)")
        }
        for read in final["health"].array {
            let found = kernel.health(at: try read["current_wall_clock_slot"].identifier())
            #expect(found.vector == read["expect"], "\(name)")
        }
    }
}
