// The clients for Node, each holding one conversation with a tool for each line of JSON.

import { createInterface } from "node:readline";
import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { jsonSchema, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";

globalThis.AI_SDK_LOG_WARNINGS = false; // they would go to standard output

const QUESTION = "Well?";
const SCHEMA = { type: "object", properties: {}, additionalProperties: true };

const openai = ({ url, key }) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 20_000 });

const CLIENTS = {
  async "openai chat"(asked) {
    const tools = Object.keys(asked.results).map((name) => ({
      type: "function",
      function: { name, parameters: SCHEMA },
    }));
    return converse(asked, [{ role: "user", content: QUESTION }], async (messages) => {
      const stream = openai(asked).chat.completions.stream({
        model: asked.model,
        messages,
        tools,
        stream_options: { include_usage: true },
      });
      // Of fields that it does not know the client keeps the last piece alone.
      let thought = "";
      stream.on("chunk", (chunk) => {
        thought += chunk.choices[0]?.delta.reasoning_content ?? "";
      });
      const whole = await stream.finalChatCompletion();
      const { message } = whole.choices[0];
      const calls = message.tool_calls ?? [];
      messages.push(message);
      for (const call of calls) {
        const content = asked.results[call.function.name];
        messages.push({ role: "tool", tool_call_id: call.id, content });
      }
      return {
        text: message.content ?? "",
        thought,
        calls: calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
        input: whole.usage.prompt_tokens,
        output: whole.usage.completion_tokens,
      };
    });
  },

  async "openai responses"(asked) {
    const tools = Object.keys(asked.results).map((name) => ({
      type: "function",
      name,
      parameters: SCHEMA,
      strict: false,
    }));
    return converse(asked, [{ role: "user", content: QUESTION }], async (input) => {
      const stream = openai(asked).responses.stream({ model: asked.model, input, tools });
      const whole = await stream.finalResponse();
      const calls = whole.output.filter((item) => item.type === "function_call");
      const thoughts = whole.output.filter((item) => item.type === "reasoning");
      input.push(...whole.output);
      for (const call of calls) {
        const output = asked.results[call.name];
        input.push({ type: "function_call_output", call_id: call.call_id, output });
      }
      return {
        text: whole.output_text,
        thought: thoughts
          .flatMap((item) => [...item.summary, ...(item.content ?? [])])
          .map((part) => part.text)
          .join(""),
        calls: calls.map((call) => [call.name, JSON.parse(call.arguments)]),
        input: whole.usage.input_tokens,
        output: whole.usage.output_tokens,
      };
    });
  },

  async anthropic(asked) {
    const client = new Anthropic({ baseURL: asked.url, apiKey: asked.key, maxRetries: 0 });
    const tools = Object.keys(asked.results).map((name) => ({ name, input_schema: SCHEMA }));
    return converse(asked, [{ role: "user", content: QUESTION }], async (messages) => {
      const stream = client.messages.stream({
        model: asked.model,
        max_tokens: 4000,
        messages,
        tools,
      });
      const whole = await stream.finalMessage();
      const of = (type) => whole.content.filter((block) => block.type === type);
      messages.push({ role: "assistant", content: whole.content });
      const results = of("tool_use").map(({ id, name }) => ({
        type: "tool_result",
        tool_use_id: id,
        content: asked.results[name],
      }));
      messages.push({ role: "user", content: results });
      return {
        text: of("text").map((block) => block.text).join(""),
        thought: of("thinking").map((block) => block.thinking).join(""),
        calls: of("tool_use").map((block) => [block.name, block.input]),
        input: whole.usage.input_tokens + whole.usage.cache_read_input_tokens,
        output: whole.usage.output_tokens,
      };
    });
  },

  "ai-sdk openai": (asked) => vercel(asked, createOpenAI(addressed(asked))(asked.model)),
  "ai-sdk openai chat": (asked) => vercel(asked, createOpenAI(addressed(asked)).chat(asked.model)),
  "ai-sdk anthropic": (asked) => vercel(asked, createAnthropic(addressed(asked))(asked.model)),
  "ai-sdk openai-compatible": (asked) =>
    vercel(
      asked,
      createOpenAICompatible({ name: "headgate", includeUsage: true, ...addressed(asked) })(
        asked.model,
      ),
    ),
};

const addressed = ({ url, key }) => ({ baseURL: `${url}/v1`, apiKey: key });

// Turn after turn until one calls no tool.
async function converse(asked, history, turn) {
  const turns = [];
  do {
    turns.push(await turn(history));
  } while (turns.at(-1).calls.length && turns.length < 5);
  return turns;
}

// The Vercel AI SDK runs the tools itself.
async function vercel(asked, model) {
  const tools = {};
  for (const [name, result] of Object.entries(asked.results)) {
    tools[name] = tool({ inputSchema: jsonSchema(SCHEMA), execute: async () => result });
  }
  const result = streamText({
    model,
    tools,
    prompt: QUESTION,
    maxRetries: 0,
    stopWhen: stepCountIs(5),
    // Else it refers to items that only the backend which made them can look up.
    providerOptions: { openai: { store: false } },
    onError: () => {},
  });
  const turns = [];
  for await (const part of result.fullStream) {
    const turn = turns.at(-1);
    if (part.type === "start-step") turns.push({ text: "", thought: "", calls: [] });
    else if (part.type === "text-delta") turn.text += part.text;
    else if (part.type === "reasoning-delta") turn.thought += part.text;
    else if (part.type === "tool-call") turn.calls.push([part.toolName, part.input]);
    else if (part.type === "finish-step") {
      turn.input = part.usage.inputTokens;
      turn.output = part.usage.outputTokens;
    } else if (part.type === "error") throw part.error;
  }
  return turns;
}

const told = (error) => (error instanceof Error ? error.message : JSON.stringify(error));

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = await CLIENTS[asked.client](asked);
  } catch (error) {
    answer = { error: told(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
