import { signIn, type Session, type Stack } from "./stack.ts";

const password = "nine slow lanterns";

/** Makes an account with a password of its own and signs in with it. `email` is in no use; `roles` exist. `employeeId`: of somebody who has no account yet. */
export async function makeAccount(
  stack: Pick<Stack, "url">,
  admin: Session,
  email: string,
  roles: string[],
  employeeId?: string,
): Promise<{ id: string; session: Session }> {
  const post = <T>(path: string, body?: object): Promise<T> =>
    admin.json<T>(path, { method: "POST", ...(body && { body: JSON.stringify(body) }) });
  const { id } = await post<{ id: string }>("/api/v1/users", {
    email,
    name: email.split("@")[0],
    roles,
    ...(employeeId && { employee_id: employeeId }),
  });
  const { link } = await post<{ link: string }>(`/api/v1/users/${id}/reset-link`);
  const set = await fetch(`${stack.url}/api/auth/reset-password`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: stack.url },
    body: JSON.stringify({ token: new URL(link).searchParams.get("token"), newPassword: password }),
  });
  if (!set.ok) throw new Error(`the first password of ${email}: ${set.status} ${await set.text()}`);
  return { id, session: await signIn(stack, email, password) };
}
