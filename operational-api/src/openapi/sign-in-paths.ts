import { z } from "zod";
import { failing, json } from "./parts.ts";
import { type Json, jsonSchema } from "./schemas.ts";

export const signInTag = {
  name: "sign-in",
  description:
    "Signing in is better-auth's under /api/auth; here is what scripts need of it. Its errors also have its own `code` and `message`.",
};

const tags = ["sign-in"];
const signInBody = z.object({ email: z.email(), password: z.string() });
export const signInExample = { email: "boss@example.com", password: "a long password" };
const open = { tags, security: [] };
const account = {
  type: "object",
  required: ["email", "name", "role", "password"],
  properties: { email: { type: "string" }, name: { type: "string" }, role: { type: "string" }, password: { type: "string" } },
};

/** What is below `/api/auth` that the product relies on. */
export const signInPaths = (): Json => ({
  "/api/auth/sign-in/email": {
    post: {
      ...open,
      operationId: "signIn",
      summary: "Signs in by e-mail address and password: sets the session cookie. Slowed down after wrong passwords",
      requestBody: { required: true, content: json(jsonSchema(signInBody), signInExample) },
      responses: {
        200: { description: "Signed in, or a second factor is asked for", content: json({ type: "object" }) },
        ...failing(400, 401, 403, 413, 415, 422, 429),
      },
    },
  },
  "/api/auth/get-session": {
    get: {
      ...open,
      operationId: "getSession",
      summary: "The session of the cookie; null without one",
      responses: { 200: { description: "The session and its user", content: json({ type: ["object", "null"] }) }, ...failing(403, 429) },
    },
  },
  "/api/auth/sign-out": {
    post: {
      ...open,
      operationId: "signOut",
      summary: "Ends the session of the cookie",
      requestBody: { required: true, content: json({ type: "object" }, {}) },
      responses: { 200: { description: "Ended", content: json({ type: "object" }) }, ...failing(403, 413, 415, 429) },
    },
  },
  "/api/auth/token": {
    get: {
      tags,
      operationId: "getToken",
      summary: "A bearer token of 5 minutes for the caller",
      responses: {
        200: {
          description: "The token",
          content: json({ type: "object", required: ["token"], properties: { token: { type: "string" } } }),
        },
        ...failing(401, 403),
      },
    },
  },
  "/api/auth/demo-accounts": {
    get: {
      ...open,
      operationId: "listDemoAccounts",
      summary: "The demo company's accounts with their passwords, for callers on this machine; else none",
      responses: { 200: { description: "The accounts", content: json({ type: "array", items: account }) } },
    },
  },
  "/api/auth/ways": {
    get: {
      ...open,
      operationId: "getSignInWays",
      summary: "What the sign-in page offers",
      responses: {
        200: {
          description: "The ways",
          content: json({
            type: "object",
            required: ["company", "mail", "password_length"],
            properties: { company: { type: "boolean" }, mail: { type: "boolean" }, password_length: { type: "integer" } },
          }),
        },
      },
    },
  },
});
