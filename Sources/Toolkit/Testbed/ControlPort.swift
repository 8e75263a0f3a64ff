package import ClusterProtocol
import LeaseKernel
package import SystemCalls

/// Talks to one replica's control port.
package struct ControlPort: Sendable {
    let address: SocketAddress
    let place: NetworkPlace
    /// Longer than the operator's 250 ms: the machine also carries the load.
    package static let limit = Duration.milliseconds(1000)

    package init?(_ address: NetworkAddress, in place: NetworkPlace) {
        guard let address = SocketAddress("\(address)") else { return nil }
        self.address = address
        self.place = place
    }

    package func status() -> Probe {
        let exchange = OneShotExchange(
            connectLimit: Self.limit, exchangeLimit: Self.limit, in: place)
        let reply: [UInt8]
        do throws(OneShotExchange.Failure) {
            reply = try exchange.perform(ControlRequest.status.bytes, with: address)
        } catch {
            return .down("\(error)")
        }
        do throws(ControlReplyError) {
            return .up(try StatusReply(decoding: reply))
        } catch {
            return .down("\(error)")
        }
    }

    /// Asks the daemon to end; whether it does is seen by watching the process.
    package func requestStop() {
        let exchange = OneShotExchange(
            connectLimit: Self.limit, exchangeLimit: Self.limit, in: place)
        _ = try? exchange.perform(ControlRequest.stop.bytes, with: address)
    }

    /// Waits for the snapshot; nil when it was written, else what was said instead.
    package func checkpoint() -> String? {
        // A snapshot of a full cluster takes a while on a busy disk.
        let exchange = OneShotExchange(
            connectLimit: Self.limit, exchangeLimit: .seconds(30), in: place)
        do throws(OneShotExchange.Failure) {
            let reply = try exchange.perform(ControlRequest.checkpoint.bytes, with: address)
            let text = String(decoding: reply, as: UTF8.self)
            return text.hasPrefix("status=ok\n") ? nil : text
        } catch {
            return "\(error)"
        }
    }
}
