import ClusterProtocol
public import History
import LeaseKernel
public import SystemCalls

/// Asks a replica's client port for its metrics, which every role answers (wire-api.md 7.6): the
/// port is open and speaks the protocol. Not recorded; it asks nothing of the allocator.
public enum SurfaceProbe {
    public struct Facts: Sendable, Hashable {
        public let lastRequestSlot: History.Slot?
        public let lastAppliedLSN: History.LSN?
    }

    public enum Failure: Error, Sendable, CustomStringConvertible {
        case exchange(OneShotExchange.Failure)
        case answer(String)

        public var description: String {
            switch self {
            case .exchange(let failure): "\(failure)"
            case .answer(let text): "no metrics in the answer: \(text)"
            }
        }
    }

    public static func metrics(
        of endpoint: Endpoints.Endpoint, at slot: History.Slot
    ) throws(Failure) -> Facts {
        let exchange = OneShotExchange(
            connectLimit: .seconds(1), exchangeLimit: .seconds(5), in: endpoint.place)
        let reply: [UInt8]
        do throws(OneShotExchange.Failure) {
            // A request of nine bytes is never too long to encode.
            let request = try? ClientRequest.getMetrics(
                currentSlot: LeaseKernel.Slot(slot.rawValue)
            ).encoded()
            reply = try exchange.perform(request ?? [], with: endpoint.address)
        } catch {
            throw .exchange(error)
        }
        guard case .response(.metrics(let view)) = ClientReply(bytes: reply) else {
            throw .answer(String(decoding: reply.prefix(200), as: UTF8.self))
        }
        return Facts(
            lastRequestSlot: view.lastRequestSlot.map { History.Slot($0.rawValue) },
            lastAppliedLSN: view.lastAppliedLSN.map { History.LSN($0.rawValue) })
    }
}
