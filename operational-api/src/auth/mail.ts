import { createTransport } from "nodemailer";
import type { Logger } from "../log.ts";

export interface Letter {
  to: string;
  subject: string;
  text: string;
}

export interface Mail {
  /**
   * Hands the letter to the mail server without waiting for it: how long an answer takes must not tell whether there was somebody to write to.
   * A failure is logged, without the address.
   */
  send(letter: Letter): void;
  /** Waits for letters under way. */
  close(): Promise<void>;
}

const patienceMs = 10_000;

/** Mail by KEHU_SMTP_URL (`smtp://user:password@host:587?from=crm@example.com`). */
export function createMail(options: { smtpUrl: string; publicUrl: string; logger: Logger }): Mail {
  const url = new URL(options.smtpUrl);
  const from = url.searchParams.get("from") ?? `kehu@${new URL(options.publicUrl).hostname}`;
  url.searchParams.delete("from");
  const transport = createTransport({
    host: url.hostname,
    port: Number(url.port || (url.protocol === "smtps:" ? 465 : 587)),
    secure: url.protocol === "smtps:",
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    ...(url.username && { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
  });
  const underWay = new Set<Promise<void>>();
  return {
    send: (letter) => {
      const sending = (async (): Promise<void> => {
        try {
          await transport.sendMail({ from, ...letter });
        } catch (error) {
          options.logger.error({ part: "mail", code: (error as { code?: string }).code }, "a letter could not be sent");
        }
      })().finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    close: async () => {
      await Promise.all(underWay);
      transport.close();
    },
  };
}

/** The letters of accounts, in the language of the one who gets them. */
export const letters = {
  reset: (locale: string, link: string): Omit<Letter, "to"> =>
    locale === "en"
      ? {
          subject: "Kehu: set a new password",
          text: `Set a new password here, once, within 30 minutes:\n\n${link}\n\nIf you did not ask for it, do nothing: your password stays as it is.\n`,
        }
      : {
          subject: "客户：设置新密码",
          text: `请在 30 分钟内通过以下链接设置新密码，链接只能使用一次：\n\n${link}\n\n如果不是您本人申请，请忽略此邮件，密码不会改变。\n`,
        },
  device: (locale: string, link: string, device: string): Omit<Letter, "to"> =>
    locale === "en"
      ? {
          subject: "Kehu: a new device",
          text: `Somebody signed in to your account with the right password on a device that is not admitted: ${device}.\n\nIf it was you, admit it here, once, within 30 minutes:\n\n${link}\n\nIf it was not, change your password and tell your administrator.\n`,
        }
      : {
          subject: "客户：新设备登录",
          text: `有人在未获准的设备上用正确的密码登录您的账号：${device}。\n\n如果是您本人，请在 30 分钟内通过以下链接允许该设备，链接只能使用一次：\n\n${link}\n\n如果不是您本人，请立即修改密码并告知管理员。\n`,
        },
};
