//! The client side of API 2.0: profiles, requests, and commands made from a describe document.
