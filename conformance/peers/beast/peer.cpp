// The peer on Boost.Beast. What the two ends say to each other is described in ../../src/exchange.rs.
//
//   beast version                   prints "version VERSION"
//   beast serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
//   beast drive URL [AUTHORITY]     prints "passed N"

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
// Boost 1.74 needs it and does not include it.
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/version.hpp>

namespace beast = boost::beast;
namespace net = boost::asio;
namespace ssl = net::ssl;
namespace websocket = beast::websocket;
using net::use_awaitable;
using net::ip::tcp;
using Tls = beast::ssl_stream<tcp::socket>;

namespace {

const std::string GREEK = "κόσμε";
const std::array<std::string, 3> GREEK_PIECES = {"\xce\xba\xcf", "\x8c\xcf\x83", "\xce\xbc\xce\xb5"};
const std::string LANGUAGES = GREEK + ", 世界, 🌍";
const websocket::close_reason CLIENT_CLOSE(websocket::close_code(4000), "bis bald, 世界");
const websocket::close_reason SERVER_CLOSE(websocket::close_code(4001), "auf Wiedersehen, 世界");
const websocket::close_reason EMPTY_CLOSE;

std::string repeated(const std::string& text, std::size_t times) {
    std::string whole;
    while (times-- > 0) whole += text;
    return whole;
}

std::string pattern(std::size_t length) {
    std::string bytes(length, '\0');
    for (std::size_t i = 0; i < length; i++) bytes[i] = static_cast<char>(i * 7 + length);
    return bytes;
}

// The server: a coroutine for each connection, and one for what a Pong causes.

template <class Stream>
using Shared = std::shared_ptr<websocket::stream<Stream>>;

template <class Stream>
net::awaitable<void> say(Shared<Stream> socket, std::string text) {
    socket->text(true);
    co_await socket->async_write(net::buffer(text), use_awaitable);
}

template <class Stream>
void on_control(const Shared<Stream>& socket, websocket::frame_type kind, beast::string_view payload) {
    if (kind != websocket::frame_type::pong) return;
    if (payload == "between") {
        net::co_spawn(socket->get_executor(), say<Stream>(socket, "answered in between"), net::detached);
    } else if (payload == "are you there?") {
        net::co_spawn(socket->get_executor(), say<Stream>(socket, "you are there"), net::detached);
    }
}

template <class Stream>
net::awaitable<void> answer(Shared<Stream> socket, beast::flat_buffer message) {
    std::string text = socket->got_text() ? beast::buffers_to_string(message.data()) : "";
    if (text == "say it in fragments") {
        socket->text(true);
        co_await socket->async_write_some(false, net::buffer(GREEK_PIECES[0]), use_awaitable);
        co_await socket->async_ping("between", use_awaitable);
        co_await socket->async_write_some(false, net::buffer(GREEK_PIECES[1]), use_awaitable);
        co_await socket->async_write_some(true, net::buffer(GREEK_PIECES[2]), use_awaitable);
    } else if (text == "ping me") {
        co_await socket->async_ping("are you there?", use_awaitable);
    } else if (text == "close") {
        co_await socket->async_close(SERVER_CLOSE, use_awaitable);
    } else {
        socket->binary(socket->got_binary());
        co_await socket->async_write(message.data(), use_awaitable);
    }
}

template <class Stream>
net::awaitable<void> mirror(Shared<Stream> socket) {
    std::string end;
    try {
        socket->set_option(websocket::stream_base::decorator(
            [](websocket::response_type& response) { response.set("Sec-WebSocket-Protocol", "mirror"); }));
        socket->control_callback([weak = std::weak_ptr(socket)](auto kind, auto payload) {
            on_control<Stream>(weak.lock(), kind, payload);
        });
        if constexpr (std::is_same_v<Stream, Tls>) {
            co_await socket->next_layer().async_handshake(ssl::stream_base::server, use_awaitable);
        }
        co_await socket->async_accept(use_awaitable);
        for (;;) {
            beast::flat_buffer message;
            co_await socket->async_read(message, use_awaitable);
            co_await answer<Stream>(socket, std::move(message));
        }
    } catch (const boost::system::system_error& error) {
        if (error.code() != websocket::error::closed && error.code() != net::error::operation_aborted) {
            end = std::string("error ") + error.what();
        }
    }
    if (end.empty()) {
        // Beast's code is 0 for a Close without a code.
        unsigned code = socket->reason().code == websocket::close_code::none ? 1005 : socket->reason().code;
        end = "closed " + std::to_string(code) + " " + socket->reason().reason.c_str();
    }
    std::cout << end << std::endl;
}

template <class Stream>
void spawn(Shared<Stream> socket) {
    net::co_spawn(socket->get_executor(), mirror<Stream>(socket), net::detached);
}

net::awaitable<void> listen(ssl::context* tls) {
    tcp::acceptor acceptor(co_await net::this_coro::executor, {net::ip::make_address("127.0.0.1"), 0});
    std::cout << "listening " << acceptor.local_endpoint().port() << std::endl;
    for (;;) {
        tcp::socket tcp = co_await acceptor.async_accept(use_awaitable);
        if (tls) {
            spawn<Tls>(std::make_shared<websocket::stream<Tls>>(std::move(tcp), *tls));
        } else {
            spawn<tcp::socket>(std::make_shared<websocket::stream<tcp::socket>>(std::move(tcp)));
        }
    }
}

void serve(const char* certificate, const char* key) {
    ssl::context tls(ssl::context::tls_server);
    if (certificate) {
        tls.use_certificate_chain_file(certificate);
        tls.use_private_key_file(key, ssl::context::pem);
    }
    net::io_context context;
    net::co_spawn(context, listen(certificate ? &tls : nullptr), net::detached);
    context.run();
}

// The client, which blocks.

template <class Stream>
class Client {
public:
    Client(const std::string& url, const char* authority) {
        std::size_t begin = url.find("//") + 2, port = url.rfind(':');
        endpoint = {net::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(url.substr(port + 1)))};
        host = url.substr(begin, url.find('/', port) - begin);
        if (authority) tls.load_verify_file(authority);
        tls.set_verify_mode(ssl::verify_peer);
        tls.set_verify_callback(ssl::rfc2818_verification("localhost"));
    }

    std::size_t drive() {
        open();
        expect(subprotocol == "mirror", subprotocol);
        for (const auto& text : {std::string(), std::string("Hello"), LANGUAGES,
                                 repeated(LANGUAGES, (300 << 10) / LANGUAGES.size())}) {
            echo(true, text);
        }
        for (std::size_t length : {0, 125, 126, 65'535, 65'536, 1 << 20}) echo(false, pattern(length));

        socket->text(true);
        socket->write_some(false, net::buffer(GREEK_PIECES[0]));
        socket->ping("between");
        socket->write_some(false, net::buffer(GREEK_PIECES[1]));
        socket->write_some(true, net::buffer(GREEK_PIECES[2]));
        receive(true, GREEK);
        expect(pong == "between", pong);
        std::string whole;
        socket->binary(true);
        for (std::size_t length : {125, 0, 65'536, 1}) {
            whole += pattern(length);
            socket->write_some(length == 1, net::buffer(pattern(length)));
        }
        receive(false, whole);
        for (const auto& payload : {std::string(), std::string("are you there?"), std::string(125, 'x')}) {
            pong = "none";
            socket->ping(websocket::ping_data(payload));
            // Pongs are handled while a message is read.
            socket->text(true);
            socket->write(net::buffer(GREEK));
            read();
            expect(pong == payload, pong);
        }
        write(true, "say it in fragments");
        receive(true, GREEK);
        receive(true, "answered in between");
        write(true, "ping me");
        receive(true, "you are there");
        close(CLIENT_CLOSE);

        open();
        write(true, "close");
        try {
            read();
            throw std::runtime_error("a message came instead of a Close");
        } catch (const boost::system::system_error& error) {
            const auto& reason = socket->reason();
            expect(error.code() == websocket::error::closed && reason.code == SERVER_CLOSE.code &&
                       reason.reason == SERVER_CLOSE.reason,
                   error.what());
        }

        open();
        close(EMPTY_CLOSE);
        return passed;
    }

private:
    net::io_context context;
    ssl::context tls{ssl::context::tls_client};
    tcp::endpoint endpoint;
    std::string host, subprotocol, pong;
    std::unique_ptr<websocket::stream<Stream>> socket;
    std::size_t passed = 0;

    void open() {
        if constexpr (std::is_same_v<Stream, Tls>) {
            socket = std::make_unique<websocket::stream<Stream>>(context, tls);
        } else {
            socket = std::make_unique<websocket::stream<Stream>>(context);
        }
        beast::get_lowest_layer(*socket).connect(endpoint);
        if constexpr (std::is_same_v<Stream, Tls>) socket->next_layer().handshake(ssl::stream_base::client);
        socket->set_option(websocket::stream_base::decorator(
            [](websocket::request_type& request) { request.set("Sec-WebSocket-Protocol", "nonesuch, mirror"); }));
        websocket::response_type response;
        socket->handshake(response, host, "/");
        subprotocol = std::string(response["Sec-WebSocket-Protocol"]);
        socket->control_callback([this](websocket::frame_type kind, beast::string_view payload) {
            if (kind == websocket::frame_type::pong) pong = std::string(payload);
        });
    }

    void expect(bool holds, const std::string& found) {
        if (!holds) throw std::runtime_error("unexpected: " + found.substr(0, 200));
        passed++;
    }

    void write(bool text, const std::string& message) {
        socket->text(text);
        socket->write(net::buffer(message));
    }

    std::string read() {
        beast::flat_buffer buffer;
        socket->read(buffer);
        return beast::buffers_to_string(buffer.data());
    }

    void receive(bool text, const std::string& wanted) {
        std::string found = read();
        expect(found == wanted && socket->got_text() == text, found);
    }

    void echo(bool text, const std::string& message) {
        write(text, message);
        receive(text, message);
    }

    void close(const websocket::close_reason& reason) {
        socket->close(reason);
        expect(socket->reason().code == reason.code, std::to_string(socket->reason().code));
    }
};

}  // namespace

std::size_t drive(const std::string& url, const char* authority) {
    if (authority) return Client<Tls>(url, authority).drive();
    return Client<tcp::socket>(url, authority).drive();
}

int main(int count, char** arguments) {
    std::string role = count > 1 ? arguments[1] : "";
    const char* third = count > 3 ? arguments[3] : nullptr;
    try {
        if (role == "version") {
            std::printf("version %d.%d.%d\n", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
        } else if (role == "serve") {
            serve(third ? arguments[2] : nullptr, third);
        } else if (role == "drive" && count > 2) {
            std::cout << "passed " << drive(arguments[2], third) << std::endl;
        } else {
            std::cerr << "usage: beast version | serve [CERTIFICATE KEY] | drive URL [AUTHORITY]" << std::endl;
            return 2;
        }
    } catch (const std::exception& error) {
        std::cerr << "beast: " << error.what() << std::endl;
        return 1;
    }
}
