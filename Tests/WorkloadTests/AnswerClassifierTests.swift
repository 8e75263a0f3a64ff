import ClusterProtocol
import History
import LeaseKernel
import SystemCalls
import Testing

@testable import Workload

@Suite struct AnswerClassifierTests {
    static let reserve = History.Operation.reserve(
        History.ResourceID(1), History.HolderID(2), ttl: SlotCount(3))
    static let read = History.Operation.getResource(History.ResourceID(1), requiredLSN: nil)
    static let lease = History.Operation.getReservation(
        History.ReservationID(1), requiredLSN: nil)

    static func bytes(_ response: ClientResponse) throws -> [UInt8] { try response.encoded() }

    static func committed(_ code: ResultCode) -> ClientResponse {
        .committed(
            CommittedSubmit(
                appliedLSN: LeaseKernel.LSN(9), outcome: CommandOutcome(code),
                fromRetryCache: true))
    }

    static let cases: [(History.Operation, ClientResponse, Outcome)] = [
        (reserve, committed(.ok), .committed(History.LSN(9), .empty, fromRetryCache: true)),
        (
            reserve, committed(.resourceBusy),
            .refused(History.LSN(9), .resourceBusy, fromRetryCache: true)
        ),
        (reserve, .submitRejected(Rejection(.storageFailure)), .ambiguous(.indefiniteWrite)),
        (reserve, .submitRejected(Rejection(.engineHalted)), .ambiguous(.indefiniteWrite)),
        (
            reserve,
            .submitRejected(Rejection(.overloaded(queueDepth: 1, queueCapacity: 1))),
            .failed(.overloaded)
        ),
        (
            reserve,
            .submitRejected(
                Rejection(
                    .slotOverflow(.operationWindow, requestSlot: LeaseKernel.Slot(1), delta: 0))),
            .failed(.slotOverflow)
        ),
        // A pairing that no server sends: the code and the category must agree that nothing
        // happened.
        (
            reserve,
            .submitRejected(Rejection(category: .definiteFailure, code: .storageFailure)),
            .ambiguous(.indefiniteWrite)
        ),
        (
            reserve,
            .submitRejected(
                Rejection(
                    category: .indefinite, code: .overloaded(queueDepth: 1, queueCapacity: 1))),
            .ambiguous(.indefiniteWrite)
        ),
        (reserve, .resourceNotFound, .ambiguous(.unintelligibleAnswer)),
        (
            .tickExpirations, .tickApplied(processedCount: 0, lastAppliedLSN: nil),
            .ticked(applied: 0, lastLSN: nil)
        ),
        (
            .tickExpirations,
            .tickRejected(Rejection(.lsnExhausted(lastApplied: LeaseKernel.LSN(4)))),
            .ambiguous(.indefiniteWrite)
        ),
        (read, .resourceNotFound, .read(.notFound, .unknown)),
        (read, .resourceEngineHalted, .failed(.engineHalted)),
        (read, .leaseNotFound, .ambiguous(.unintelligibleAnswer)),
        (
            read,
            .resourceFenceNotApplied(
                ReadFence(
                    requiredLSN: LeaseKernel.LSN(8), lastAppliedLSN: LeaseKernel.LSN(7))),
            .failed(.fenceNotApplied(lastApplied: History.LSN(7)))
        ),
        (lease, .leaseRetired, .read(.retired, .unknown)),
        (lease, .leaseNotFound, .read(.notFound, .unknown)),
    ]

    @Test("every answer means what the specification says", arguments: 0..<cases.count)
    func answers(index: Int) throws {
        let (operation, response, expected) = Self.cases[index]
        let bytes = try Self.bytes(response)
        #expect(AnswerClassifier.outcome(of: operation, .success(bytes)) == expected)
        // A complete answer stays one when the connection breaks afterwards; a part of it is
        // no answer, and never a failure.
        let reset = SystemError(call: "read", code: 104, subject: "")
        let late = OneShotExchange.Failure(
            progress: .receiving(bytesReceived: bytes), cause: reset)
        #expect(AnswerClassifier.outcome(of: operation, .failure(late)) == expected)
        for count in 0..<bytes.count {
            let part = OneShotExchange.Failure(
                progress: .receiving(bytesReceived: Array(bytes.prefix(count))), cause: reset)
            #expect(
                AnswerClassifier.outcome(of: operation, .failure(part))
                    == .ambiguous(.transportLoss))
        }
    }

    @Test(
        "texts that say `not executed` are failures, all others are ambiguous",
        arguments: [
            (TextReply.notPrimary(.backup), Outcome.failed(.notPrimary(role: .backup))),
            (.isolated, .failed(.isolated)),
            (.replicaFaulted, .failed(.replicaFaulted)),
            (.emptyRequest, .failed(.invalidRequest)),
            (.protocolError(detail: "x"), .ambiguous(.indefiniteWrite)),
            (.commitPublishedNothing(LeaseKernel.LSN(3)), .ambiguous(.indefiniteWrite)),
            (.other("what"), .ambiguous(.unintelligibleAnswer)),
        ])
    func texts(reply: TextReply, expected: Outcome) {
        #expect(AnswerClassifier.outcome(of: Self.reserve, .success(reply.bytes)) == expected)
    }

    @Test("only a connection that never came about proves that nothing was sent")
    func failures() {
        let refused = SystemError(call: "connect", code: 111, subject: "")
        let timeout = SystemError(call: "read", code: 110, subject: "")
        func outcome(_ progress: OneShotExchange.Progress, _ cause: SystemError) -> Outcome {
            AnswerClassifier.outcome(
                of: Self.reserve, .failure(.init(progress: progress, cause: cause)))
        }
        #expect(outcome(.connecting, refused) == .failed(.connectionRefused))
        #expect(outcome(.connecting, timeout) == .failed(.connectionRefused))
        #expect(outcome(.sending(bytesSent: 3), refused) == .ambiguous(.transportLoss))
        #expect(outcome(.receiving(bytesReceived: []), timeout) == .ambiguous(.timeout))
        #expect(
            AnswerClassifier.outcome(of: Self.reserve, .success([])) == .ambiguous(.transportLoss))
        #expect(
            AnswerClassifier.outcome(of: Self.reserve, .success([77, 1]))
                == .ambiguous(.unintelligibleAnswer))
    }

    @Test("a repetition has identical bytes")
    func identicalBytes() throws {
        let once = try WireRequest.bytes(
            Self.reserve, operationID: History.OperationID(4), slot: History.Slot(5), clientID: 6)
        let again = try WireRequest.bytes(
            Self.reserve, operationID: History.OperationID(4), slot: History.Slot(5), clientID: 6)
        #expect(once == again)
        #expect(
            try ClientRequest(decoding: once)
                == .submit(
                    slot: LeaseKernel.Slot(5),
                    payload: CommandCodec.encode(
                        ClientCommand(
                            operationID: LeaseKernel.OperationID(4),
                            clientID: LeaseKernel.ClientID(6),
                            command: .reserve(
                                LeaseKernel.ResourceID(1), holder: LeaseKernel.HolderID(2),
                                ttlSlots: 3)))))
    }
}
