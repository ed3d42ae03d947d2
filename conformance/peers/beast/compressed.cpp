// Boost.Beast in the exchange of conformance/compressed.
//
//   compressed serve BITS TAKEOVER       prints "listening PORT" and "agreed EXTENSIONS"; echoes
//   compressed drive URL BITS TAKEOVER   has messages echoed; prints "agreed EXTENSIONS" and "passed N"

#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
// Boost 1.74 needs it and does not include it.
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace beast = boost::beast;
namespace net = boost::asio;
namespace websocket = beast::websocket;
using net::ip::tcp;
using Socket = websocket::stream<tcp::socket>;

namespace {

struct Message {
    bool text;
    std::string payload;
};

websocket::permessage_deflate settings(const std::string& bits, const std::string& takeover) {
    websocket::permessage_deflate settings;
    settings.server_enable = settings.client_enable = true;
    settings.server_max_window_bits = settings.client_max_window_bits = std::stoi(bits);
    settings.server_no_context_takeover = settings.client_no_context_takeover = takeover != "yes";
    return settings;
}

template <class Head>
void say_agreed(const Head& head) {
    auto agreed = head["Sec-WebSocket-Extensions"];
    std::cout << "agreed " << (agreed.empty() ? "nothing" : std::string(agreed)) << std::endl;
}

std::vector<Message> messages() {
    std::vector<Message> messages;
    for (int round = 0; round < 2; round++) {
        for (std::size_t length : {0, 1, 7, 125, 700, 5000, 40'000, 300'000}) {
            std::string text, noise;
            for (std::size_t number = 0; text.size() < length; number++) {
                text += "{\"at\":" + std::to_string(number) + ",\"name\":\"κόσμε\"}";
            }
            // Not within a character.
            text.resize(length);
            while (!text.empty() && (text.back() & 0x80)) text.pop_back();
            std::uint32_t seed = 1;
            for (std::size_t i = 0; i < length; i++) {
                seed = seed * 1'664'525 + 1'013'904'223;
                noise.push_back(static_cast<char>(seed >> 24));
            }
            messages.push_back({true, text});
            messages.push_back({false, noise});
            messages.push_back({false, std::string(length, '\7')});
        }
    }
    return messages;
}

void serve(const websocket::permessage_deflate& settings) {
    net::io_context context;
    tcp::acceptor acceptor(context, {net::ip::make_address("127.0.0.1"), 0});
    std::cout << "listening " << acceptor.local_endpoint().port() << std::endl;
    for (;;) {
        Socket socket(acceptor.accept());
        socket.set_option(settings);
        socket.set_option(websocket::stream_base::decorator(say_agreed<websocket::response_type>));
        try {
            socket.accept();
            for (;;) {
                beast::flat_buffer message;
                socket.read(message);
                socket.text(socket.got_text());
                socket.write(message.data());
            }
        } catch (const boost::system::system_error& error) {
            if (error.code() != websocket::error::closed) std::cout << "failed " << error.what() << std::endl;
        }
    }
}

void drive(const std::string& url, const websocket::permessage_deflate& settings) {
    net::io_context context;
    Socket socket(context);
    socket.set_option(settings);
    auto port = static_cast<unsigned short>(std::stoi(url.substr(url.rfind(':') + 1)));
    socket.next_layer().connect({net::ip::make_address("127.0.0.1"), port});
    websocket::response_type response;
    socket.handshake(response, "127.0.0.1", "/");
    say_agreed(response);
    std::size_t passed = 0;
    for (const auto& message : messages()) {
        socket.text(message.text);
        socket.write(net::buffer(message.payload));
        beast::flat_buffer echoed;
        socket.read(echoed);
        if (socket.got_text() != message.text || beast::buffers_to_string(echoed.data()) != message.payload) {
            throw std::runtime_error("what came back is not what was sent");
        }
        passed++;
    }
    socket.close(websocket::close_code::normal);
    std::cout << "passed " << passed << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
    std::string role = count > 1 ? arguments[1] : "";
    try {
        if (role == "serve" && count == 4) {
            serve(settings(arguments[2], arguments[3]));
        } else if (role == "drive" && count == 5) {
            drive(arguments[2], settings(arguments[3], arguments[4]));
        } else {
            std::cerr << "usage: compressed serve BITS TAKEOVER | drive URL BITS TAKEOVER" << std::endl;
            return 2;
        }
    } catch (const std::exception& error) {
        std::cerr << "compressed: " << error.what() << std::endl;
        return 1;
    }
}
