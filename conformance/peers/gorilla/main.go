// The peer on gorilla/websocket. What the two ends say to each other is described in ../../src/exchange.rs.
//
//	gorilla version                   prints "version VERSION"
//	gorilla serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each connection
//	gorilla drive URL [AUTHORITY]     prints "passed N"
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	greek        = "κόσμε"
	languages    = greek + ", 世界, 🌍"
	clientCode   = 4000
	clientReason = "bis bald, 世界"
	serverCode   = 4001
	serverReason = "auf Wiedersehen, 世界"
	patience     = 10 * time.Second
	// gorilla's own default, in bytes: a client sends what is longer in fragments of this length.
	writeBuffer = 4096
)

// Set by the linker: the package does not know its own version.
var version = "unknown"

func pattern(length int) []byte {
	bytes := make([]byte, length)
	for i := range bytes {
		bytes[i] = byte(i*7 + length)
	}
	return bytes
}

func control(socket *websocket.Conn, opcode int, payload []byte) error {
	return socket.WriteControl(opcode, payload, time.Now().Add(patience))
}

// Sends text in fragments as long as the write buffer, with a Ping after the first.
func fragments(socket *websocket.Conn, text string) error {
	writer, err := socket.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	// The buffer is sent when it is full and there is more.
	first := len(text)/2 + 1
	if _, err = writer.Write([]byte(text[:first])); err != nil {
		return err
	}
	if err = control(socket, websocket.PingMessage, []byte("between")); err != nil {
		return err
	}
	if _, err = writer.Write([]byte(text[first:])); err != nil {
		return err
	}
	return writer.Close()
}

// A server cuts its short text within characters: the write buffer has an odd length.
var upgrader = websocket.Upgrader{Subprotocols: []string{"mirror"}, WriteBufferSize: 3, EnableCompression: true}

func mirror(response http.ResponseWriter, request *http.Request) {
	socket, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	defer socket.Close()
	socket.SetPongHandler(func(payload string) error {
		switch payload {
		case "between":
			return socket.WriteMessage(websocket.TextMessage, []byte("answered in between"))
		case "are you there?":
			return socket.WriteMessage(websocket.TextMessage, []byte("you are there"))
		}
		return nil
	})
	for err == nil {
		var kind int
		var message []byte
		kind, message, err = socket.ReadMessage()
		switch {
		case err != nil:
		case kind == websocket.TextMessage && string(message) == "say it in fragments":
			err = fragments(socket, greek)
		case kind == websocket.TextMessage && string(message) == "ping me":
			err = control(socket, websocket.PingMessage, []byte("are you there?"))
		case kind == websocket.TextMessage && string(message) == "close":
			err = control(socket, websocket.CloseMessage, websocket.FormatCloseMessage(serverCode, serverReason))
		default:
			err = socket.WriteMessage(kind, message)
		}
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		fmt.Println(strings.TrimSpace(fmt.Sprintf("closed %d %s", closed.Code, closed.Text)))
	} else {
		fmt.Println("error", err)
	}
}

func serve(files []string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	if len(files) == 2 {
		return http.ServeTLS(listener, http.HandlerFunc(mirror), files[0], files[1])
	}
	return http.Serve(listener, http.HandlerFunc(mirror))
}

// The client: one connection, the payloads of its Pongs, and the number of checks that passed on all of them.
type client struct {
	dialer websocket.Dialer
	url    string
	socket *websocket.Conn
	pongs  []string
	passed int
}

func (c *client) open() {
	if c.socket != nil {
		c.socket.Close()
	}
	socket, _, err := c.dialer.Dial(c.url, nil)
	must(err)
	must(socket.SetReadDeadline(time.Now().Add(patience)))
	socket.SetPongHandler(func(payload string) error {
		c.pongs = append(c.pongs, payload)
		return nil
	})
	c.socket = socket
}

func (c *client) expect(holds bool, found any) {
	if !holds {
		log.Fatalf("unexpected: %.200v", found)
	}
	c.passed++
}

func (c *client) receive(kind int, wanted []byte) {
	found, message, err := c.socket.ReadMessage()
	must(err)
	c.expect(found == kind && bytes.Equal(message, wanted), message)
}

func (c *client) echo(kind int, message []byte) {
	must(c.socket.WriteMessage(kind, message))
	c.receive(kind, message)
}

func (c *client) closes(code int, reason string) {
	_, _, err := c.socket.ReadMessage()
	var closed *websocket.CloseError
	c.expect(errors.As(err, &closed) && closed.Code == code && strings.HasPrefix(closed.Text, reason), err)
}

func (c *client) drive() {
	c.open()
	c.expect(c.socket.Subprotocol() == "mirror", c.socket.Subprotocol())
	for _, text := range []string{"", "Hello", languages, strings.Repeat(languages, (300<<10)/len(languages))} {
		c.echo(websocket.TextMessage, []byte(text))
	}
	for _, length := range []int{0, 125, 126, 65_535, 65_536, 1 << 20} {
		c.echo(websocket.BinaryMessage, pattern(length))
	}
	// One byte before the characters of two bytes, so that the buffer ends within one.
	text := "x" + strings.Repeat(greek, writeBuffer/5)
	must(fragments(c.socket, text))
	c.receive(websocket.TextMessage, []byte(text))
	c.expect(len(c.pongs) == 1 && c.pongs[0] == "between", c.pongs)
	c.echo(websocket.BinaryMessage, pattern(2*writeBuffer))
	for _, payload := range []string{"", "are you there?", strings.Repeat("x", 125)} {
		must(control(c.socket, websocket.PingMessage, []byte(payload)))
		// Pongs are handled while a message is read.
		must(c.socket.WriteMessage(websocket.TextMessage, nil))
		_, _, err := c.socket.ReadMessage()
		must(err)
		c.expect(c.pongs[len(c.pongs)-1] == payload, c.pongs)
	}
	must(c.socket.WriteMessage(websocket.TextMessage, []byte("say it in fragments")))
	c.receive(websocket.TextMessage, []byte(greek))
	c.receive(websocket.TextMessage, []byte("answered in between"))
	must(c.socket.WriteMessage(websocket.TextMessage, []byte("ping me")))
	c.receive(websocket.TextMessage, []byte("you are there"))
	must(control(c.socket, websocket.CloseMessage, websocket.FormatCloseMessage(clientCode, clientReason)))
	c.closes(clientCode, "")

	c.open()
	must(c.socket.WriteMessage(websocket.TextMessage, []byte("close")))
	c.closes(serverCode, serverReason)

	c.open()
	must(control(c.socket, websocket.CloseMessage, nil))
	c.closes(websocket.CloseNoStatusReceived, "")
	c.socket.Close()
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	log.SetFlags(log.Lshortfile)
	role, rest := os.Args[1], os.Args[2:]
	switch role {
	case "version":
		fmt.Println("version", version)
	case "serve":
		must(serve(rest))
	default:
		c := client{url: rest[0], dialer: websocket.Dialer{
			Subprotocols:      []string{"nonesuch", "mirror"},
			WriteBufferSize:   writeBuffer,
			EnableCompression: true,
			HandshakeTimeout:  patience,
		}}
		if len(rest) == 2 {
			authority, err := os.ReadFile(rest[1])
			must(err)
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(authority)
			c.dialer.TLSClientConfig = &tls.Config{RootCAs: roots}
		}
		c.drive()
		fmt.Println("passed", c.passed)
	}
}
