import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Replica metadata, version 2")
struct MetadataFormatTests {
    let vectors: JSONValue

    init() throws {
        vectors = try Vectors.json("replica-metadata.json")
    }

    @Test("every image of the reference decodes to its values and encodes to its bytes")
    func images() throws {
        let cases = vectors["valid"].array
        for image in cases {
            let bytes = try #require(image["hex"].hex)
            let expected = try image["decoded"].metadata()
            #expect(try MetadataFormatV2.decode(bytes) == expected, "\(image["name"])")
            #expect(MetadataFormatV2.encode(expected) == bytes, "\(image["name"])")
        }
        print("replica-metadata valid: \(cases.count) cases")
        #expect(cases.count == 12)
    }

    @Test("every damaged image is refused, or read as another number, as the reference does")
    func damagedImages() throws {
        let cases = vectors["corrupt"].array
        for image in cases {
            let bytes = try #require(image["hex"].hex)
            let name = image["name"].string ?? ""
            do throws(FileLoadFailure<MetadataDecodeError>) {
                let metadata = try MetadataFormatV2.load(bytes)
                #expect(image["result"].errorText == nil, "\(name)")
                let expected = try? image["result"]["ok"].metadata()
                #expect(metadata == expected, "\(name)")
            } catch .undecodable(let error) {
                #expect(error.debugText == image["result"].errorText, "\(name)")
            } catch {
                #expect(error.debugText == image["result"].errorText, "\(name)")
            }
        }
        print("replica-metadata corrupt: \(cases.count) cases")
        #expect(cases.count == 101)
    }

    @Test("the rules between metadata and the local engine are judged in their order")
    func consistency() throws {
        let cases = vectors["validation_cases"].array
        for rule in cases {
            let identity = ReplicaIdentity(
                replicaID: ReplicaID(try rule["expected_replica_id"].required()),
                shardID: ShardID(try rule["expected_shard_id"].required()))
            var found: String?
            do {
                try MetadataConsistency.check(
                    try rule["metadata"].metadata(), identity: identity,
                    applied: rule["local_last_applied_lsn"].lsn,
                    localSnapshot: rule["local_active_snapshot_lsn"].lsn)
            } catch let violation as ConsistencyViolation {
                found = violation.debugText
            }
            #expect(found == rule["result"].errorText, "\(rule["name"])")
        }
        print("replica-metadata validation: \(cases.count) cases")
        #expect(cases.count == 27)
    }

    @Test("no prefix and no flipped byte of an image traps the decoder")
    func robustness() throws {
        for image in vectors["valid"].array {
            let bytes = try #require(image["hex"].hex)
            for length in bytes.indices {
                #expect(throws: MetadataDecodeError.bufferTooShort) {
                    try MetadataFormatV2.decode(Array(bytes[..<length]))
                }
            }
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 0xFF
                if let read = try? MetadataFormatV2.decode(damaged) {
                    #expect(MetadataFormatV2.encode(read) == damaged)
                }
            }
        }
    }
}
