//! Shapes on the wire, shared by the server and the clients: objects of API 2.0, the describe document, errors.
